import { type FileRecord, type Head, isOnituError } from '@onitu/protocol'
import type { Stored } from '../contract.ts'
import { metadataOfHead, metadataOfRecord, recordOfStored } from '../metadata.ts'
import { readRecords } from '../observe/outbox.ts'
import type { Job, OrderTools, Outcome } from './carry-out.ts'
import { whileNoted } from './note-writing.ts'
import { attributesDiffer, type OrderPlan } from './plan-order.ts'
import { goneFrom, type Renamed, settleReplaced } from './replaced-rename.ts'

/** Carries out an order by renaming what the service has elsewhere. Both names are locked. */
export async function rename(
  tools: OrderTools,
  job: Job,
  plan: Extract<OrderPlan, { do: 'rename' }>,
): Promise<Outcome> {
  const { engine, driver } = tools
  const { head } = job
  const source = (await readRecords(engine, [plan.from])).get(plan.from)
  if (source === undefined || source.token !== plan.token) return 'again'
  const [from, to] = [metadataOfRecord(plan.from, source), metadataOfHead(head, source.extra)]
  const move = () => tools.whileChanging(plan.from, () => driver.move(from, to, plan.token))
  const moved = await whileNoted(tools, job, move, { renamed: true })
  const renamed = (stored: Stored): Renamed => ({
    fid: plan.from,
    source,
    stored,
    record: recordOfStored(head, stored, source),
  })
  const stored = await withAttributes(tools, head, moved, source).catch(async (error: unknown) => {
    // The rename is done, and what is left of the order is to set them.
    await settleReplaced(tools, job, renamed(moved))
    throw error
  })
  const isDone = await commit(tools, job, renamed(stored))
  if (isDone) tools.touched([plan.from])
  else if (!(await settleReplaced(tools, job, renamed(stored)))) return 'again'
  engine.emit({
    type: 'move_completed',
    service: engine.service,
    folder: source.folder,
    src: source.path,
    dest: head.path,
    toFolder: head.folder,
  })
  return isDone ? 'done' : 'again'
}

function commit({ commits }: OrderTools, { loaded, failed }: Job, renamed: Renamed): Promise<boolean> {
  const { fid, bytes } = loaded
  const records = [[fid, renamed.record] as const, goneFrom(renamed)]
  return commits.commit({ fid, bytes, records, removeJournal: false, removeFailure: failed, onlyTogether: true })
}

/**
 * A renamed file has the attributes that it would have if it had been fetched: they may have changed together with the
 * name, or by an order that this one replaced. @throws when that may work another time
 */
async function withAttributes(
  { engine, driver, whileChanging }: OrderTools,
  head: Head,
  moved: Stored,
  source: FileRecord,
): Promise<Stored> {
  const now = recordOfStored(head, moved, source)
  if (head.kind !== 'file' || !driver.canSetAttributes || !attributesDiffer(head, now)) return moved
  try {
    return await whileChanging(head.fid, () => driver.setAttributes(metadataOfHead(head, now.extra), moved.token))
  } catch (error) {
    if (isOnituError(error) && error.retryable) throw error
    engine.warn(`Could not set the attributes of ${head.path}, which was renamed`, error)
    return moved
  }
}
