import { describe, expect, it, vi } from 'vitest'
import { hashAtOnce } from './hash-at-once.ts'
import { active } from './hooks.ts'
import { mutations } from './mutations.ts'
import { simulate } from './scenario.ts'

vi.mock('../../packages/plug/src/orders/plan-order.ts', async (load) => {
  const module = await load<typeof import('../../packages/plug/src/orders/plan-order.ts')>()
  const planOrder: typeof module.planOrder = (view) =>
    (active.hooks.planOrder?.(module.planOrder) ?? module.planOrder)(view)
  return { ...module, planOrder }
})
vi.mock('../../packages/plug/src/observe/plan-report.ts', async (load) => {
  const module = await load<typeof import('../../packages/plug/src/observe/plan-report.ts')>()
  const planReport: typeof module.planReport = (...given) =>
    (active.hooks.planReport?.(module.planReport) ?? module.planReport)(...given)
  return { ...module, planReport }
})
vi.mock('../../packages/plug/src/transfer/fetch-content.ts', async (load) => {
  const module = await load<typeof import('../../packages/plug/src/transfer/fetch-content.ts')>()
  const fetchWhole: typeof module.fetchWhole = (...given) =>
    (active.hooks.fetchWhole?.(module.fetchWhole) ?? module.fetchWhole)(...given)
  return { ...module, fetchWhole }
})
vi.mock('../../packages/referee/src/decide/lineage.ts', async (load) => {
  const module = await load<typeof import('../../packages/referee/src/decide/lineage.ts')>()
  const hasSeen: typeof module.hasSeen = (...given) =>
    (active.hooks.hasSeen?.(module.hasSeen) ?? module.hasSeen)(...given)
  return { ...module, hasSeen }
})
vi.mock('../../packages/referee/src/decide/policy.ts', async (load) => {
  const module = await load<typeof import('../../packages/referee/src/decide/policy.ts')>()
  const modeOf: typeof module.modeOf = (...given) => (active.hooks.modeOf?.(module.modeOf) ?? module.modeOf)(...given)
  return { ...module, modeOf }
})
vi.mock('../../packages/referee/src/options/rules.ts', async (load) => {
  const module = await load<typeof import('../../packages/referee/src/options/rules.ts')>()
  const servicesByRules: typeof module.servicesByRules = (...given) =>
    (active.hooks.servicesByRules?.(module.servicesByRules) ?? module.servicesByRules)(...given)
  return { ...module, servicesByRules }
})
vi.mock('../../packages/referee/src/options/filter-file.ts', async (load) => {
  const module = await load<typeof import('../../packages/referee/src/options/filter-file.ts')>()
  const filterFile: typeof module.filterFile = (...given) =>
    (active.hooks.filterFile?.(module.filterFile) ?? module.filterFile)(...given)
  return { ...module, filterFile }
})
vi.mock('../../packages/plug/src/observe/told-before.ts', async (load) => {
  const module = await load<typeof import('../../packages/plug/src/observe/told-before.ts')>()
  class ToldBefore extends module.ToldBefore {
    override add(told: Parameters<InstanceType<typeof module.ToldBefore>['add']>[0]): void {
      super.add(told)
      if (active.hooks.believesRepeats === true) told.during.clear()
    }
  }
  return { ...module, ToldBefore }
})

/** The rarest are noticed by 3 of 1,000 seeds, and any change of the number of database calls makes those others than `noticedBy` says. */
const MOST_SEEDS = 3_000
const FIRST_SEED = 500
const SEEDS = Array.from({ length: MOST_SEEDS }, (_, at) => FIRST_SEED + at)

/** The seed that notices a fault. */
async function firstToFail(name: string): Promise<number | undefined> {
  const { hooks = {}, seams = {}, noticedBy = FIRST_SEED } = mutations[name] ?? {}
  active.hooks = hooks
  try {
    for (const seed of [noticedBy, ...SEEDS]) {
      if ((await simulate(seed, seams)).failure !== undefined) return seed
    }
    return undefined
  } finally {
    active.hooks = {}
  }
}

describe('the simulation notices that', () => {
  hashAtOnce()

  it.each(Object.keys(mutations))('%s', async (name) => {
    expect(await firstToFail(name), `the first of ${MOST_SEEDS} seeds to fail`).toBeDefined()
  })
})
