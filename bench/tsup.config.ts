import { defineConfig } from 'tsup'

export default defineConfig({
  entry: [
    'src/main.ts',
    'src/drivers/main.ts',
    'src/escalator/main.ts',
    'src/escalator/client-process.ts',
    'src/escalator/many-level-server.ts',
    'src/majordomo/main.ts',
  ],
  format: ['esm'],
  target: 'node20',
  skipNodeModulesBundle: true,
  clean: true,
})
