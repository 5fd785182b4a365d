/**
 * `pnpm soak [MINUTES]`: goes on with seeds that no run had before, in the planner test, the simulator, the crash test, the tests
 * of the drivers for servers and of services on other machines, for so many minutes (default 60) or until one fails. What vitest prints then says how to run that one again.
 */
import { join } from 'node:path'
import { root } from './prepare.mjs'
import { run } from './run.mjs'

const ROUND = {
  'tests/planner': '50000',
  'tests/simulator': '2000',
  'tests/crash': '1',
  'tests/remotes': '1',
  'tests/majordomo': '1',
}

const minutes = Number(process.argv[2] ?? 60)
if (!(minutes > 0)) throw new TypeError(`Expected a number of minutes, got ${process.argv[2]}`)
const end = Date.now() + minutes * 60_000
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')

let seed = Math.floor(Date.now() / 1000)
for (let rounds = 1; Date.now() < end && process.exitCode === undefined; rounds++) {
  for (const [folder, runs] of Object.entries(ROUND)) {
    console.log(`round ${rounds}: ${folder}, ${runs} runs from seed ${seed}`)
    const env = { ...process.env, ONITU_SEED: String(seed), ONITU_RUNS: runs, ONITU_SOAK: '1' }
    if ((await run(process.execPath, [vitest, 'run', folder], { cwd: root, env })) !== 0) process.exitCode = 1
  }
  seed += 2000
}
