import type { Condition, Operation } from '@onitu/escalator'
import { isOnituError, keys, lastPart, parseRecord, type RefereeAnswer, refereeRequestSchema } from '@onitu/protocol'
import { type Committed, decideOnce } from '../decide-many.ts'
import { loadFiles } from '../load.ts'
import { nextBatch } from './next-batch.ts'
import type { RequestBatch, RequestWorld } from './request-batch.ts'

/** Carries out the request at a key, batch by batch, until it is answered or its launcher took it back. */
export async function carryOutRequest(
  world: RequestWorld,
  key: string,
  announce: (committed: Committed) => void,
): Promise<void> {
  for (;;) {
    const value = await world.db.get<unknown, undefined>(key, { default: undefined })
    if (value === undefined) return
    try {
      announce(await carryOutBatch(world, key, value))
    } catch (error) {
      // What was read has changed meanwhile; perhaps the request itself.
      if (!isOnituError(error) || error.code !== 'CONDITION_FAILED') throw error
    }
  }
}

/** Every batch is on the condition that the request is still what it was read as: one that was taken back is not carried out. */
async function carryOutBatch(world: RequestWorld, key: string, value: unknown): Promise<Committed> {
  const conditions: Condition[] = [{ key, equals: value }]
  try {
    const batch = await nextBatch(parseRecord(refereeRequestSchema, value, key), world)
    return await commit(world, key, batch, conditions)
  } catch (error) {
    if (!isOnituError(error) || error.retryable || error.code === 'CONDITION_FAILED') throw error
    const { code, message } = error
    await world.db.batch(answered(key, { type: 'refused', code, message }), { conditions })
    return { events: [], orders: [], balance: new Map(), held: new Map() }
  }
}

function commit(
  { db, policy, holding, now }: RequestWorld,
  key: string,
  { fids, steps, decided, end }: RequestBatch,
  conditions: readonly Condition[],
): Promise<Committed> {
  return decideOnce({
    db,
    policy,
    now: now(),
    preload: (view) => loadFiles(db, [...policy.services.keys()], view, fids),
    steps,
    holding,
    decided,
    operations: 'answer' in end ? answered(key, end.answer) : [{ type: 'put', key, value: end.request }],
    conditions,
  })
}

function answered(key: string, answer: RefereeAnswer): Operation[] {
  return [
    { type: 'delete', key },
    { type: 'put', key: keys.answer(lastPart(key)), value: answer },
  ]
}
