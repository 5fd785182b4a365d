import { defineConfig } from 'tsup'

export default defineConfig({
  entry: [
    'src/index.ts',
    'src/memory-driver/index.ts',
    'src/conformance/index.ts',
    'src/fixtures/index.ts',
    'src/servers/index.ts',
  ],
  format: ['esm'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
})
