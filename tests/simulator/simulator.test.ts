import { describe, expect, it } from 'vitest'
import { FAULT_KINDS, type FaultKind } from './fault-kinds.ts'
import { hashAtOnce } from './hash-at-once.ts'
import { simulate } from './scenario.ts'

const first = Number(process.env.ONITU_SEED ?? 0)
const runs = Number(process.env.ONITU_RUNS ?? (process.env.ONITU_SEED === undefined ? 2000 : 1))
const traceAll = process.env.ONITU_TRACE !== undefined
/** Seeds among which everything that can go wrong has done so. */
const ENOUGH = 1000

describe('a hub in which anything may happen at any moment', () => {
  hashAtOnce()
  const happened = new Map<FaultKind, number>()

  it(
    'becomes quiet after the faults end, with equal trees, nothing lost and nothing left behind',
    async () => {
      for (let seed = first; seed < first + runs; seed++) {
        const { failure, happened: here } = await simulate(seed, {}, traceAll)
        for (const [kind, count] of here) happened.set(kind, (happened.get(kind) ?? 0) + count)
        if (failure === undefined) continue
        throw new Error(`${failure}\nONITU_SEED=${seed} npx vitest run tests/simulator`)
      }
    },
    Number.POSITIVE_INFINITY,
  )

  it.skipIf(runs < ENOUGH)('has gone through every kind of fault', () => {
    expect(FAULT_KINDS.filter((kind) => !happened.has(kind))).toEqual([])
  })

  it('gives the same run for the same seed', async () => {
    for (const seed of [first, first + 1, first + 2]) expect(await simulate(seed)).toEqual(await simulate(seed))
  })
})
