import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/worker.ts', 'src/hashing-thread.ts'],
  format: ['esm'],
  target: 'node20',
  dts: { entry: 'src/index.ts' },
  clean: true,
  sourcemap: true,
  // The threads need a few pure functions of the protocol and nothing else: taken from the sources, so that what it does not use (codec,
  // schemas) is left out, and neither the codec nor, through the plug, the sockets are loaded a second time in a thread.
  noExternal: ['@onitu/protocol'],
  esbuildOptions(options) {
    options.alias = { '@onitu/protocol': '../../packages/protocol/src/index.ts' }
  },
})
