import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import { runScenario } from './run-scenario.ts'
import { scenario } from './scenario.ts'

/** `pnpm soak` runs more; a seed that failed is run again with ONITU_SEED. */
const RUNS = Number(process.env.ONITU_RUNS ?? 20_000)
const SEED = Number(process.env.ONITU_SEED ?? 1)

describe('the planner, on a tree that users change on every side while observations, decisions and orders go on', () => {
  it(`becomes quiet, with the trees that the rules want and nothing lost (${RUNS} runs, seed ${SEED})`, {
    timeout: 10 * 60_000 + RUNS * 20,
  }, () => {
    fc.assert(fc.property(scenario, runScenario), { numRuns: RUNS, seed: SEED, endOnFailure: false })
  })
})
