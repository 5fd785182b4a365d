import { type FileRecord, fileId, type Head, isOnituError } from '@onitu/protocol'
import type { DriverCalls } from '../call-driver.ts'
import type { Change, Stored } from '../contract.ts'
import type { Engine } from '../engine.ts'
import { DriverError } from '../errors.ts'
import type { FileLocks } from '../file-locks.ts'
import { absentRecord, metadataOfHead, metadataOfRecord, recordOfStored } from '../metadata.ts'
import { readRecords } from '../observe/outbox.ts'
import type { Progress } from '../progress.ts'
import type { Journals } from '../transfer/journals.ts'
import { asidePath } from './aside-path.ts'
import { commitRecords } from './commit-order.ts'
import type { LoadedOrder } from './load-orders.ts'
import { noteWriting } from './note-writing.ts'
import type { OrderCommits } from './order-commits.ts'
import type { OrderTask } from './order-task.ts'
import { attributesDiffer, type OrderPlan } from './plan-order.ts'

export interface OrderTools {
  readonly engine: Engine
  readonly driver: DriverCalls
  readonly locks: FileLocks
  readonly journals: Journals
  readonly commits: OrderCommits
  readonly progress: Progress
  /** Told which other files have another record now. */
  readonly touched: (fids: Iterable<string>) => void
  readonly report: (changes: readonly Change[]) => Promise<void>
}

/** An order with its head, ready to be carried out. */
export interface Job {
  readonly task: OrderTask
  readonly loaded: LoadedOrder
  readonly head: Head
  /** A failure is recorded, which goes away with the order. */
  readonly failed: boolean
}

/** `again`: something was done or found, and what is left has to be planned anew. */
export type Outcome = 'done' | 'again'

type LocalPlan = Exclude<OrderPlan, { do: 'fetch' | 'wait' | 'reread' }>

/** Carries out what needs no content from elsewhere. The file is locked from the last check to the commit. */
export async function carryOut(tools: OrderTools, job: Job, plan: LocalPlan): Promise<Outcome> {
  return tools.locks.hold(lockedFiles(tools, job, plan), async () => {
    if (job.task.stale) return 'again'
    await dropJournal(tools, job)
    switch (plan.do) {
      case 'adopt':
        return finish(tools, job, adopted(job))
      case 'acknowledge':
        return finish(tools, job, acknowledged(job))
      case 'decline':
        return finish(tools, job, job.loaded.record ?? absentRecord(job.head))
      case 'attributes':
        return setAttributes(tools, job, plan.token)
      case 'delete':
        return remove(tools, job, plan.token)
      case 'rename':
        return rename(tools, job, plan)
      case 'make_directory':
        return makeDirectory(tools, job)
      case 'clear':
        return clear(tools, job, plan.token)
      case 'move_aside':
        return moveAside(tools, job, plan.token)
    }
  })
}

/** Commits the order with what the service holds now. */
export async function finish(
  { commits, journals }: Pick<OrderTools, 'commits' | 'journals'>,
  { loaded, failed }: Job,
  record: FileRecord,
  others: readonly (readonly [fid: string, record: FileRecord])[] = [],
): Promise<Outcome> {
  const { fid, bytes } = loaded
  const removeJournal = journals.get(fid) !== undefined
  const records = [[fid, record] as const, ...others]
  const same = await commits.commit({ fid, bytes, records, removeJournal, removeFailure: failed })
  journals.forget(fid)
  return same ? 'done' : 'again'
}

/** An upload that was begun for another content is of no use. */
export async function dropJournal({ driver, journals }: OrderTools, { loaded: { fid }, head }: Job): Promise<void> {
  const journal = journals.get(fid)
  if (journal === undefined) return
  const { version, hash, state } = journal
  await driver.abortUpload({ ...metadataOfHead(head), version, hash }, state)
  await journals.remove(fid)
}

function lockedFiles({ engine }: OrderTools, { loaded: { fid, record } }: Job, plan: LocalPlan): string[] {
  if (plan.do === 'rename') return [fid, plan.from]
  if (plan.do === 'move_aside' && record !== undefined) {
    return [fid, fileId(record.folder, asidePathOf(engine, record))]
  }
  return [fid]
}

function adopted({ loaded: { record }, head }: Job): FileRecord {
  return record === undefined ? absentRecord(head) : { ...noted(record), version: head.version, reported: 0 }
}

/** What is there keeps its mark of having been reported: it is still nobody's to replace. */
function acknowledged({ loaded: { record }, head }: Job): FileRecord {
  return record === undefined ? absentRecord(head) : { ...noted(record), version: head.version }
}

function noted({ writing: _, ...record }: FileRecord): FileRecord {
  return record
}

async function setAttributes(tools: OrderTools, job: Job, token: string): Promise<Outcome> {
  const { head, loaded } = job
  const stored = await tools.driver.setAttributes(metadataOfHead(head, loaded.record?.extra), token)
  return finish(tools, job, recordOfStored(head, stored, loaded.record))
}

async function remove(tools: OrderTools, job: Job, token: string): Promise<Outcome> {
  const { engine, driver } = tools
  const { head, loaded } = job
  const record = loaded.record ?? absentRecord(head)
  await driver.delete(metadataOfRecord(head.fid, record), token)
  const outcome = await finish(tools, job, absentRecord(head))
  const type = record.kind === 'directory' ? 'directory_deleted' : 'deletion_completed'
  engine.emit({ type, service: engine.service, folder: head.folder, path: head.path })
  return outcome
}

async function rename(tools: OrderTools, job: Job, plan: Extract<OrderPlan, { do: 'rename' }>): Promise<Outcome> {
  const { engine, driver } = tools
  const { head } = job
  const source = (await readRecords(engine, [plan.from])).get(plan.from)
  if (source === undefined || source.token !== plan.token) return 'again'
  await noteWriting(tools, job)
  const moved = await driver.move(metadataOfRecord(plan.from, source), metadataOfHead(head, source.extra), plan.token)
  const stored = await withAttributes(tools, head, moved, source)
  const outcome = await finish(tools, job, recordOfStored(head, stored, source), [
    [plan.from, { ...source, token: null }],
  ])
  tools.touched([plan.from])
  engine.emit({
    type: 'move_completed',
    service: engine.service,
    folder: source.folder,
    src: source.path,
    dest: head.path,
    toFolder: head.folder,
  })
  return outcome
}

/**
 * A renamed file has the attributes that it would have if it had been fetched: they may have changed together with the
 * name, or by an order that this one replaced. The rename stands, whatever becomes of them.
 */
async function withAttributes(
  { engine, driver }: OrderTools,
  head: Head,
  moved: Stored,
  source: FileRecord,
): Promise<Stored> {
  const now = recordOfStored(head, moved, source)
  if (head.kind !== 'file' || !driver.canSetAttributes || !attributesDiffer(head, now)) return moved
  try {
    return await driver.setAttributes(metadataOfHead(head, now.extra), moved.token)
  } catch (error) {
    engine.warn(`Could not set the attributes of ${head.path}, which was renamed`, error)
    return moved
  }
}

async function makeDirectory(tools: OrderTools, job: Job): Promise<Outcome> {
  const { engine, driver } = tools
  const { head, loaded } = job
  const metadata = metadataOfHead(head, loaded.record?.extra)
  await driver.checkName(metadata)
  await noteWriting(tools, job)
  const stored = await driver.createDirectory(metadata)
  const outcome = await finish(tools, job, recordOfStored(head, stored, loaded.record))
  engine.emit({ type: 'directory_created', service: engine.service, folder: head.folder, path: head.path })
  return outcome
}

async function clear({ engine, driver }: OrderTools, { head, loaded }: Job, token: string): Promise<Outcome> {
  const record = loaded.record ?? absentRecord(head)
  await driver.delete(metadataOfRecord(head.fid, record), token)
  await commitRecords(engine, [[head.fid, { ...record, token: null }]])
  return 'again'
}

async function moveAside(tools: OrderTools, { head, loaded }: Job, token: string): Promise<Outcome> {
  const { engine, driver, report } = tools
  const record = loaded.record ?? absentRecord(head)
  const path = asidePathOf(engine, record)
  if (!driver.canMove) {
    throw new DriverError(
      'IN_THE_WAY',
      `${record.path} holds content that is not synced, and the service cannot rename it`,
    )
  }
  const to = { ...metadataOfRecord(fileId(record.folder, path), { ...record, path }), version: 0 }
  const stored = await driver.move(metadataOfRecord(head.fid, record), to, token)
  await commitRecords(engine, [[head.fid, { ...record, token: null }]])
  // Not awaited here: the report waits for the lock that this task holds.
  void report([seenOf(record, path, stored)]).catch((error: unknown) => engine.warn(`Could not report ${path}`, error))
  return 'again'
}

function asidePathOf({ service, clock }: Engine, { path, mtime }: FileRecord): string {
  return asidePath(path, service, mtime ?? clock.now())
}

function seenOf(record: FileRecord, path: string, { token, mtime, mode, extra }: Stored): Change {
  return {
    type: 'updated',
    folder: record.folder,
    path,
    kind: record.kind,
    size: record.size,
    hash: record.hash,
    mtime: mtime === undefined ? record.mtime : mtime,
    mode: mode === undefined ? record.mode : mode,
    token,
    ...(extra === undefined ? {} : { extra }),
  }
}

/** A directory that holds what is not synced stays, as what it is: known, and not wanted by anybody else. */
export async function deleteOrKeep(
  tools: OrderTools,
  job: Job,
  plan: Extract<OrderPlan, { do: 'delete' }>,
): Promise<Outcome> {
  try {
    return await carryOut(tools, job, plan)
  } catch (error) {
    if (!isNotEmpty(error)) throw error
  }
  return tools.locks.hold([job.loaded.fid], async () =>
    job.task.stale ? 'again' : finish(tools, job, acknowledged(job)),
  )
}

export function isNotEmpty(error: unknown): boolean {
  return isOnituError(error) && error.code === 'NOT_EMPTY'
}
