import { expect, test } from 'vitest'
import { type Engine, realClock } from '../engine.ts'
import { OrderCommits } from './order-commits.ts'

/** Commits to a database that remembers how many orders each batch had. */
function committing() {
  const batches: number[] = []
  const batch: Engine['db']['batch'] = async (_operations, options) => {
    batches.push(options?.conditions?.length ?? 0)
  }
  const part: Pick<Engine, 'clock' | 'service' | 'signal'> & { readonly db: Pick<Engine['db'], 'batch'> } = {
    clock: realClock,
    service: 'S',
    signal: new AbortController().signal,
    db: { batch },
  }
  const commits = new OrderCommits(part as Engine)
  const commit = (fid: string) =>
    commits.commit({ fid, bytes: new Uint8Array(), records: [], removeJournal: false, removeFailure: false })
  return { batches, commits, commit }
}

test('orders that are carried out one after the other are committed together', async () => {
  const { batches, commits, commit } = committing()
  const ends: (() => void)[] = []
  const carriedOut = ['a', 'b', 'c'].map(async (fid) => {
    await commits.expect(() => new Promise<void>((resolve) => ends.push(resolve)))
    return commit(fid)
  })
  for (const end of ends) {
    end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await Promise.all(carriedOut)).toEqual([true, true, true])
  expect(batches).toEqual([3])
})

test('an order is committed although another one is never done with', async () => {
  const { batches, commits, commit } = committing()
  void commits.expect(() => new Promise(() => undefined))
  expect(await commit('a')).toBe(true)
  expect(batches).toEqual([1])
})
