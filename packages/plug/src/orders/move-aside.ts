import { fileId } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import { DriverError } from '../errors.ts'
import { absentRecord, emptiedRecord, metadataOfRecord } from '../metadata.ts'
import { readRecords } from '../observe/outbox.ts'
import { asidePath } from './aside-path.ts'
import type { Job, OrderTools, Outcome } from './carry-out.ts'
import { commitRecords } from './commit-order.ts'
import { reportUntilWritten, seenOf } from './report-until-written.ts'

/** Where content that is in the way may go: the first name at which the service is not known to have anything. */
export async function freeAsidePath(engine: Engine, { head, loaded: { record } }: Job): Promise<string> {
  const { path, folder, mtime } = record ?? absentRecord(head)
  const time = mtime ?? engine.clock.now()
  for (let count = 1; ; count++) {
    const candidate = asidePath(path, engine.service, time, count)
    const fid = fileId(folder, candidate)
    const held = (await readRecords(engine, [fid])).get(fid)
    if (held === undefined || held.token === null) return candidate
  }
}

/** Renames content that belongs to no decision, so that the order can be carried out. Both names are locked. */
export async function moveAside(
  { engine, driver, report, whileChanging }: OrderTools,
  { head, loaded }: Job,
  path: string,
  token: string,
): Promise<Outcome> {
  const record = loaded.record ?? absentRecord(head)
  if (!driver.canMove) {
    throw new DriverError(
      'IN_THE_WAY',
      `${record.path} holds content that is not synced, and the service cannot rename it`,
    )
  }
  const to = { ...metadataOfRecord(fileId(record.folder, path), { ...record, path }), version: 0 }
  const from = metadataOfRecord(head.fid, record)
  const stored = await whileChanging(head.fid, () => driver.move(from, to, token))
  await commitRecords(engine, [[head.fid, emptiedRecord(record)]])
  // Not awaited here: the report waits for the lock that this task holds.
  void reportUntilWritten(engine, report, { type: 'updated', ...seenOf({ ...record, path }, stored) })
  return 'again'
}
