import { defineConfig } from 'tsup'

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/main.ts',
    'src/client/index.ts',
    'src/hub/index.ts',
    'src/relay/index.ts',
    'src/keys/index.ts',
    'src/control/index.ts',
  ],
  format: ['esm'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
})
