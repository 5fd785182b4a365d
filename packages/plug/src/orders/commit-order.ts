import type { Operation } from '@onitu/escalator'
import { type FileRecord, isOnituError, keys } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import { untilAnswered } from '../until-answered.ts'

export interface OrderResult {
  readonly fid: string
  /** The order that was carried out, as it was stored. */
  readonly bytes: Uint8Array
  readonly records: readonly (readonly [fid: string, record: FileRecord])[]
  readonly removeJournal: boolean
  readonly removeFailure: boolean
  /** Of an order that was replaced nothing is written. */
  readonly onlyTogether?: boolean
}

/**
 * Writes what was done and removes the order, if it is still the one that was carried out. Otherwise only what the
 * service holds now is written (or nothing: `onlyTogether`), and the new order is planned on that: gives false.
 */
export async function commitOrder(engine: Engine, result: OrderResult): Promise<boolean> {
  const key = keys.order(engine.service, result.fid)
  const operations = recordOperations(engine.service, result)
  let same = true
  await untilAnswered(engine, async () => {
    try {
      await engine.db.batch([...operations, { type: 'delete', key }], {
        conditions: [{ key, equals: result.bytes, raw: true }],
      })
    } catch (error) {
      if (!isOnituError(error) || error.code !== 'CONDITION_FAILED') throw error
      same = false
      if (result.onlyTogether !== true) await engine.db.batch(operations)
    }
  })
  return same
}

/** Writes what the service holds now, while the order stays. */
export async function commitRecords(engine: Engine, records: OrderResult['records']): Promise<void> {
  const operations = records.map(([fid, value]) => put(keys.file(engine.service, fid), value))
  await untilAnswered(engine, () => engine.db.batch(operations))
}

export function recordOperations(
  service: string,
  { fid, records, removeJournal, removeFailure }: OrderResult,
): Operation[] {
  const operations: Operation[] = records.map(([id, value]) => put(keys.file(service, id), value))
  if (removeJournal) operations.push({ type: 'delete', key: keys.transfer(service, fid) })
  if (removeFailure) operations.push({ type: 'delete', key: keys.failure(service, fid) })
  return operations
}

function put(key: string, value: unknown): Operation {
  return { type: 'put', key, value }
}
