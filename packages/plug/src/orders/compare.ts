import { contentHash, type FileRecord, isOnituError, type Writing } from '@onitu/protocol'
import type { Metadata } from '../contract.ts'
import { absentRecord, metadataOfRecord } from '../metadata.ts'
import { hashLarge } from '../observe/hash-large.ts'
import type { Job, OrderTools, Outcome } from './carry-out.ts'
import { commitRecords } from './commit-order.ts'
import { moveAside } from './move-aside.ts'

/**
 * The one time that a service which is only written is read: what is there is as long as what is to take its place, or as what the driver was
 * writing when it failed or was killed. If it is the one, nothing has to be written; if it is the other, it is nobody's work. Nobody else is
 * given anything of what is read.
 */
export async function compare(tools: OrderTools, job: Job, aside: string, token: string): Promise<Outcome> {
  const { engine } = tools
  const { head, loaded } = job
  const { writing = [], ...record } = loaded.record ?? absentRecord(head)
  const hash = await hashOf(tools, metadataOfRecord(head.fid, record), token)
  const isWanted = !head.deleted && hash === head.hash
  const own = isWanted ? undefined : writing.findLast((one) => one.hash === hash)
  if (!isWanted && own === undefined && !head.deleted) return moveAside(tools, job, aside, token)
  await commitRecords(engine, [[head.fid, compared(record, own, hash)]])
  return 'again'
}

function compared(record: FileRecord, own: Writing | undefined, hash: string | undefined): FileRecord {
  if (hash === undefined) return record
  return own === undefined ? { ...record, hash } : { ...record, hash, version: own.version, reported: 0 }
}

/** Undefined where it may not be read. */
async function hashOf({ engine, driver }: OrderTools, metadata: Metadata, token: string): Promise<string | undefined> {
  const { chunkSize, signal } = engine
  try {
    if (metadata.size > chunkSize) return await hashLarge(driver, metadata, token, { chunkSize, signal })
    return contentHash(await driver.reads.readWhole(metadata, token, signal))
  } catch (error) {
    if (isOnituError(error) && error.code !== 'CHANGED' && !signal.aborted) return undefined
    throw error
  }
}
