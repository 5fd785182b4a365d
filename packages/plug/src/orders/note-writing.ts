import { absentRecord } from '../metadata.ts'
import type { Job, OrderTools } from './carry-out.ts'
import { commitRecords } from './commit-order.ts'

/**
 * Before a driver puts something in its place: should the process die before the order is committed, what is found there is known to
 * be no user's. A file that keeps its time is known by that and its content (`unnotedVersion` of the Referee), and nothing is written.
 */
export async function noteWriting({ engine, driver }: OrderTools, { head, loaded }: Job): Promise<void> {
  const isRead = engine.folders.get(head.folder)?.mode !== 'w'
  if (head.kind === 'file' && driver.capabilities.mtime && isRead) return
  const record = loaded.record ?? absentRecord({ ...head, version: 0 })
  const { version, hash, size } = head
  await commitRecords(engine, [[head.fid, { ...record, writing: { version, hash, size } }]])
}
