import { contentHash, isOnituError } from '@onitu/protocol'
import type { Metadata } from '../contract.ts'
import { absentRecord, metadataOfRecord } from '../metadata.ts'
import { hashLarge } from '../observe/hash-large.ts'
import type { Job, OrderTools, Outcome } from './carry-out.ts'
import { commitRecords } from './commit-order.ts'
import { moveAside } from './move-aside.ts'

/**
 * The one time that a service which is only written is read: what its user put there is as long as what is to take its place. If it is the
 * same, nothing has to be written. Nobody else is given anything of what is read.
 */
export async function compare(tools: OrderTools, job: Job, aside: string, token: string): Promise<Outcome> {
  const { engine } = tools
  const { head, loaded } = job
  const record = loaded.record ?? absentRecord(head)
  if ((await hashOf(tools, metadataOfRecord(head.fid, record), token)) !== head.hash) {
    return moveAside(tools, job, aside, token)
  }
  await commitRecords(engine, [[head.fid, { ...record, hash: head.hash }]])
  return 'again'
}

/** Undefined where it may not be read. */
async function hashOf({ engine, driver }: OrderTools, metadata: Metadata, token: string): Promise<string | undefined> {
  const { chunkSize, signal } = engine
  try {
    if (metadata.size > chunkSize) return await hashLarge(driver, metadata, token, { chunkSize, signal })
    return contentHash(await driver.readWhole(metadata, token, signal))
  } catch (error) {
    if (isOnituError(error) && error.code !== 'CHANGED' && !signal.aborted) return undefined
    throw error
  }
}
