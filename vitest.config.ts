import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const isSoak = process.env.ONITU_SOAK !== undefined
const exclude = ['**/node_modules/**', '**/dist/**']
const setupFiles = ['tests/setup/compare-bytes.ts']
/** With servers that are killed and started again, of which one forgets what it was about to list: alone, so that this is little. */
const servers = 'tests/remotes/**/*.test.ts'

/**
 * unit: pure code, beside its source. integration: sockets and processes of one package. hub: the whole of Onitu.
 * The hub project runs after the others, two files at once: each starts many processes, most of which wait most of the time, and this must hold on two cores.
 * `*.soak.ts` is different each time and takes long; `pnpm soak` runs it.
 */
export default defineConfig({
  test: {
    // Left to itself vitest takes one worker on two cores, and tests wait more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      { test: { name: 'unit', include: ['{packages,drivers}/*/src/**/*.test.ts'], exclude, setupFiles } },
      {
        test: {
          name: 'integration',
          include: ['{packages,drivers}/*/test/**/*.test.ts'],
          exclude,
          setupFiles,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'hub',
          include: isSoak ? ['tests/**/*.test.ts', 'tests/**/*.soak.ts'] : ['tests/**/*.test.ts'],
          exclude: [...exclude, servers],
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'servers',
          include: [servers],
          exclude,
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
