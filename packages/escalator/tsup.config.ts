import { defineConfig } from 'tsup'

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/level/index.ts',
    'src/messaging/index.ts',
    'src/requester.ts',
    'src/server/main.ts',
    'src/cli/main.ts',
  ],
  format: ['esm'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
})
