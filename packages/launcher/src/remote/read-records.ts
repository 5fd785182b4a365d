import type { Database } from '@onitu/escalator'
import { type RemoteRecord, remoteRecordSchema } from '@onitu/majordomo'
import { keys } from '@onitu/protocol'
import * as v from 'valibot'

/** The services that clients set up, by name. A record of another version is passed over: its client states it again. */
export async function readRemoteRecords(database: Database): Promise<Map<string, RemoteRecord>> {
  const records = new Map<string, RemoteRecord>()
  for await (const [key, value] of database.range({ prefix: keys.remotePrefix })) {
    const result = v.safeParse(remoteRecordSchema, value)
    if (result.success) records.set(key.slice(keys.remotePrefix.length), result.output)
  }
  return records
}
