import { webcrypto } from 'node:crypto'
import { contentHash } from '@onitu/protocol'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { simulate } from './scenario.ts'

const first = Number(process.env.ONITU_SEED ?? 0)
const runs = Number(process.env.ONITU_RUNS ?? (process.env.ONITU_SEED === undefined ? 2000 : 1))
const traceAll = process.env.ONITU_TRACE !== undefined

describe('a hub in which anything may happen at any moment', () => {
  // Other threads hash when they please: here it is done at once, so that equal seeds give equal runs.
  beforeAll(() => {
    vi.spyOn(webcrypto.subtle, 'digest').mockImplementation(async (_algorithm, data) => {
      const bytes = Buffer.from(contentHash(new Uint8Array(data as ArrayBuffer)), 'hex')
      return new Uint8Array(bytes).buffer
    })
  })

  it(
    'becomes quiet after the faults end, with equal trees, nothing lost and nothing left behind',
    async () => {
      for (let seed = first; seed < first + runs; seed++) {
        const { failure } = await simulate(seed, {}, traceAll)
        if (failure === undefined) continue
        throw new Error(`${failure}\nONITU_SEED=${seed} npx vitest run tests/simulator`)
      }
    },
    Number.POSITIVE_INFINITY,
  )

  it('gives the same run for the same seed', async () => {
    for (const seed of [first, first + 1, first + 2]) expect(await simulate(seed)).toEqual(await simulate(seed))
  })
})
