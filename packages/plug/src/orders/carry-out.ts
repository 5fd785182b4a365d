import { type FileRecord, fileId, type Head, isOnituError } from '@onitu/protocol'
import type { DriverCalls } from '../driver/driver-calls.ts'
import type { Engine } from '../engine.ts'
import type { FileLocks } from '../file-locks.ts'
import { absentRecord, emptiedRecord, metadataOfHead, metadataOfRecord, recordOfStored } from '../metadata.ts'
import type { Reporter } from '../observe/reporter.ts'
import type { Progress } from '../progress.ts'
import { abortJournaled } from '../transfer/abort-journaled.ts'
import type { EarlyUploads } from '../transfer/early-uploads.ts'
import type { Journals } from '../transfer/journals.ts'
import { commitRecords } from './commit-order.ts'
import { compare } from './compare.ts'
import type { LoadedOrder } from './load-orders.ts'
import { freeAsidePath, moveAside } from './move-aside.ts'
import { whileNoted } from './note-writing.ts'
import type { OrderCommits } from './order-commits.ts'
import type { OrderTask } from './order-task.ts'
import type { OrderPlan } from './plan-order.ts'
import { rename } from './rename.ts'

export interface OrderTools {
  readonly engine: Engine
  readonly driver: DriverCalls
  readonly locks: FileLocks
  readonly journals: Journals
  readonly commits: OrderCommits
  readonly progress: Progress
  readonly early: EarlyUploads
  /** Around each call of the driver that changes a file: what was told of it before is older. */
  readonly whileChanging: Reporter['whileChanging']
  /** Told which other files have another record now. */
  readonly touched: (fids: Iterable<string>) => void
  readonly report: Reporter['report']
  readonly reportLocked: Reporter['reportLocked']
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
  const aside = plan.do === 'move_aside' || plan.do === 'compare' ? await freeAsidePath(tools.engine, job) : ''
  return tools.locks.hold(lockedFiles(job, plan, aside), async () => {
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
      case 'compare':
        return compare(tools, job, aside, plan.token)
      case 'move_aside':
        return moveAside(tools, job, aside, plan.token)
    }
  })
}

/** Commits the order with what the service holds now. */
export async function finish(
  { commits, journals }: Pick<OrderTools, 'commits' | 'journals'>,
  { loaded, failed }: Job,
  record: FileRecord,
): Promise<Outcome> {
  const { fid, bytes } = loaded
  const removeJournal = journals.get(fid) !== undefined
  const same = await commits.commit({ fid, bytes, records: [[fid, record]], removeJournal, removeFailure: failed })
  journals.forget(fid)
  return same ? 'done' : 'again'
}

/** An upload that was begun for another content is of no use. */
export async function dropJournal(tools: OrderTools, { loaded: { fid } }: Job): Promise<void> {
  await tools.early.drop(fid)
  await abortJournaled(tools, fid)
}

function lockedFiles({ loaded: { fid }, head }: Job, plan: LocalPlan, aside: string): string[] {
  if (plan.do === 'rename') return [fid, plan.from]
  return aside === '' ? [fid] : [fid, fileId(head.folder, aside)]
}

function adopted({ loaded: { record }, head }: Job): FileRecord {
  return record === undefined ? absentRecord(head) : { ...noted(record), version: head.version, reported: 0 }
}

/** What is there keeps its mark of having been reported: it is still nobody's to replace. */
function acknowledged({ loaded: { record }, head }: Job): FileRecord {
  const isUnseen = head.kind === 'directory' && (record === undefined || record.token === null)
  const next = record === undefined ? absentRecord(head) : { ...noted(record), version: head.version }
  return isUnseen ? { ...next, emptyAt: record?.emptyAt ?? record?.version ?? 0 } : next
}

/** Where there is nothing, what was being put there may still turn up. */
function noted({ writing, ...record }: FileRecord): FileRecord {
  return writing === undefined || record.token !== null ? record : { ...record, writing }
}

async function setAttributes(tools: OrderTools, job: Job, token: string): Promise<Outcome> {
  const { head, loaded } = job
  const set = () => tools.driver.setAttributes(metadataOfHead(head, loaded.record?.extra), token)
  const stored = await tools.whileChanging(head.fid, set)
  return finish(tools, job, recordOfStored(head, stored, loaded.record))
}

async function remove(tools: OrderTools, job: Job, token: string): Promise<Outcome> {
  const { engine, driver } = tools
  const { head, loaded } = job
  const record = loaded.record ?? absentRecord(head)
  await tools.whileChanging(head.fid, () => driver.delete(metadataOfRecord(head.fid, record), token))
  const outcome = await finish(tools, job, absentRecord(head))
  const type = record.kind === 'directory' ? 'directory_deleted' : 'deletion_completed'
  engine.emit({ type, service: engine.service, folder: head.folder, path: head.path })
  return outcome
}

async function makeDirectory(tools: OrderTools, job: Job): Promise<Outcome> {
  const { engine, driver } = tools
  const { head, loaded } = job
  const metadata = metadataOfHead(head, loaded.record?.extra)
  await driver.checkName(metadata)
  const stored = await whileNoted(tools, job, () => driver.createDirectory(metadata))
  const outcome = await finish(tools, job, recordOfStored(head, stored, loaded.record))
  engine.emit({ type: 'directory_created', service: engine.service, folder: head.folder, path: head.path })
  return outcome
}

async function clear(tools: OrderTools, { head, loaded }: Job, token: string): Promise<Outcome> {
  const { engine, driver, whileChanging } = tools
  const record = loaded.record ?? absentRecord(head)
  await whileChanging(head.fid, () => driver.delete(metadataOfRecord(head.fid, record), token))
  await commitRecords(engine, [[head.fid, emptiedRecord(record)]])
  return 'again'
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
