import { defineConfig } from 'tsup'

/** Commander is CommonJS, and asks for modules of Node. */
const REQUIRE =
  "import { createRequire as createRequireOfNode } from 'node:module'; const require = createRequireOfNode(import.meta.url);"

export default defineConfig({
  entry: ['src/index.ts', 'src/cli/main.ts'],
  format: ['esm'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
  // What every command needs is in the files of this package: to find, read and compile the forty files that it is in otherwise takes longer than all else of a
  // command. What is not ours is named in THIRD-PARTY.md.
  noExternal: ['commander', '@onitu/protocol/base', '@onitu/protocol/codec', '@onitu/escalator/requester'],
  banner: { js: REQUIRE },
})
