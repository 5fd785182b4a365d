import { type Head, isOnituError, type Writing } from '@onitu/protocol'
import { absentRecord } from '../metadata.ts'
import type { Job, OrderTools } from './carry-out.ts'
import { commitRecords } from './commit-order.ts'

/** Notes of one file of which nobody knows what became of them. */
const MOST = 4

/** What a driver says when it has left everything as it was. */
const UNDONE: ReadonlySet<string> = new Set(['CONFLICT', 'CHANGED', 'ENOSPC', 'EDQUOT'])

/**
 * Lets a driver put something in its place. Should the process die before the order is committed, or the driver not say what became of
 * it, what is found there is known to be no user's. A file that keeps its time is known by that and its content after a crash
 * (`unnotedVersion` of the Referee), so in front of the call nothing is written for it; but for a rename, since then what a user puts
 * at the old place next is not the file that was there.
 */
export async function whileNoted<T>(
  tools: OrderTools,
  job: Job,
  put: () => Promise<T>,
  how: Pick<Writing, 'renamed'> = {},
): Promise<T> {
  const keepsTime = job.head.kind === 'file' && tools.driver.capabilities.mtime && isRead(tools, job.head)
  const isKnownByTime = keepsTime && how.renamed !== true
  const isNoted = !isKnownByTime && (await note(tools, job, how))
  try {
    const isNew = (job.loaded.record?.token ?? null) === null
    return await tools.whileChanging(job.head.fid, put, { isNew })
  } catch (error) {
    if (isKnownByTime && mayBeDone(error)) await note(tools, job, how)
    // What is told of the old place is about what was to be renamed after all. An earlier attempt may still have done it.
    if (isNoted && how.renamed === true && isUndone(error)) await forget(tools, job)
    throw error
  }
}

function isRead({ engine }: OrderTools, { folder }: Head): boolean {
  return engine.folders.get(folder)?.mode !== 'w'
}

function mayBeDone(error: unknown): boolean {
  return isOnituError(error) && error.retryable && !isUndone(error)
}

function isUndone(error: unknown): boolean {
  return isOnituError(error) && UNDONE.has(error.code)
}

/** False when it was noted before. */
async function note(
  { engine }: OrderTools,
  { head, loaded }: Job,
  { renamed }: Pick<Writing, 'renamed'>,
): Promise<boolean> {
  const record = loaded.record ?? absentRecord({ ...head, version: 0 })
  const { version, hash, size } = head
  const known = record.writing ?? []
  if (known.some((one) => one.version === version && one.hash === hash && one.renamed === renamed)) return false
  const writing = [...known, { version, hash, size, ...(renamed && { renamed }) }].slice(-MOST)
  await commitRecords(engine, [[head.fid, { ...record, writing }]])
  return true
}

async function forget({ engine }: OrderTools, { head, loaded }: Job): Promise<void> {
  await commitRecords(engine, [[head.fid, loaded.record ?? absentRecord({ ...head, version: 0 })]])
}
