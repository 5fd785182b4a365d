import type { FileRecord } from '@onitu/protocol'
import type { Change, Stored } from '../contract.ts'
import { absentRecord, emptiedRecord, metadataOfRecord } from '../metadata.ts'
import { readRecords } from '../observe/outbox.ts'
import { untilAnswered } from '../until-answered.ts'
import type { Job, OrderTools } from './carry-out.ts'
import { commitRecords } from './commit-order.ts'
import { loadOrder } from './load-orders.ts'
import { reportUntilWritten, seenOf } from './report-until-written.ts'

/** A rename that the driver has done. */
export interface Renamed {
  /** Where the content was. */
  readonly fid: string
  readonly source: FileRecord
  readonly stored: Stored
  /** What the service holds under the new name. */
  readonly record: FileRecord
}

/** The record of the old name. */
export function goneFrom({ fid, source }: Renamed): readonly [fid: string, record: FileRecord] {
  return [fid, emptiedRecord(source)]
}

/**
 * A rename that could not be committed together with its order. If the order is another one by now, it was decided on what the service held before: it may
 * have something else put under the new name, and the content moved from the old one to a third. Then the rename is taken back, or that would
 * replace content that nobody else has. Gives whether the rename stands.
 */
export async function settleReplaced(tools: OrderTools, job: Job, renamed: Renamed): Promise<boolean> {
  const { engine } = tools
  const { fid } = job.loaded
  const [order, records] = await untilAnswered(engine, () =>
    Promise.all([loadOrder(engine, fid), readRecords(engine, [fid])]),
  )
  // The commit was done, and only its answer lost.
  const isWritten = records.get(fid)?.token === renamed.stored.token
  const stands = isWritten || order?.movedFrom === renamed.fid
  if (!stands) await takeBack(tools, job, renamed)
  else if (!isWritten) await commitRecords(engine, [[fid, renamed.record], goneFrom(renamed)])
  tools.touched([renamed.fid])
  return stands
}

async function takeBack(tools: OrderTools, { head, loaded }: Job, renamed: Renamed): Promise<void> {
  const { engine, driver, whileChanging, report, reportLocked } = tools
  const { fid, source, record, stored } = renamed
  const [from, to] = [metadataOfRecord(head.fid, record), metadataOfRecord(fid, source)]
  let back: Stored
  try {
    back = await whileChanging(head.fid, () =>
      whileChanging(fid, () => driver.move(from, to, stored.token), { isNew: true }),
    )
  } catch (error) {
    engine.warn(`Could not rename ${head.path} back to ${source.path}, so what is there now is looked at`, error)
    // It may have been renamed all the same: that is proven for either name. And before anything else is told of them: what is at the old name by now would be taken for an edit.
    const { folder, path } = source
    const moved: Change = { type: 'moved', from: { folder, path }, ...seenOf(record, stored) }
    await reportLocked(moved).catch((failure: unknown) => {
      engine.warn(`Could not report that ${path} was renamed, which is tried again`, failure)
      // Not awaited here: it waits for the locks that this task holds.
      void reportUntilWritten(engine, report, moved)
    })
    return
  }
  const { mtime = record.mtime, mode = record.mode, extra = record.extra, token } = back
  const held = { ...source, mtime, mode, token, ...(extra === undefined ? {} : { extra }) }
  await commitRecords(engine, [
    [head.fid, loaded.record ?? absentRecord({ ...head, version: 0 })],
    [fid, held],
  ])
}
