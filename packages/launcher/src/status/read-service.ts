import type { CallOptions, Database } from '@onitu/escalator'
import { failureSchema, keys, lastPart, parseRecord, serviceStateSchema } from '@onitu/protocol'
import * as v from 'valibot'
import type { FailedFile, ServiceCounts, ServiceStatus } from './status.ts'

export type ServiceFacts = Pick<ServiceStatus, 'counts' | 'failed' | 'unavailable'>

/** Everything that the database knows about a service, counted from what is there now. */
export async function readService(database: Database, service: string, options: CallOptions): Promise<ServiceFacts> {
  const [counts, failed, unavailable] = await Promise.all([
    countFiles(database, service, options),
    readFailures(database, service, options),
    readUnavailable(database, service, options),
  ])
  return { counts, failed, unavailable }
}

// Only what is counted is looked at: the whole schema would take several times as long over 100,000 records.
const countedSchema = v.object({ kind: v.picklist(['file', 'directory']), token: v.nullable(v.string()) })

async function countFiles(database: Database, service: string, options: CallOptions): Promise<ServiceCounts> {
  const [ordered, reported] = await Promise.all([
    orderedFiles(database, service, options),
    countKeys(database, keys.outboxPrefix(service), options),
  ])
  let files = 0
  let directories = 0
  let upToDate = 0
  for await (const [key, value] of database.range({ prefix: keys.filePrefix(service), ...options })) {
    const { kind, token } = parseRecord(countedSchema, value, key)
    if (token === null) continue
    if (kind === 'file') files++
    else directories++
    if (!ordered.has(lastPart(key))) upToDate++
  }
  return { files, directories, upToDate, pending: ordered.size, reported }
}

async function orderedFiles(database: Database, service: string, options: CallOptions): Promise<Set<string>> {
  const files = new Set<string>()
  for await (const key of database.keys({ prefix: keys.orderPrefix(service), ...options })) files.add(lastPart(key))
  return files
}

export async function countKeys(database: Database, prefix: string, options: CallOptions): Promise<number> {
  let count = 0
  for await (const _ of database.keys({ prefix, ...options })) count++
  return count
}

export async function readFailures(database: Database, service: string, options: CallOptions): Promise<FailedFile[]> {
  const entries = await database.range({ prefix: keys.failurePrefix(service), ...options }).all()
  return entries.map(([key, value]) => parseRecord(failureSchema, value, key))
}

export async function readUnavailable(
  database: Database,
  service: string,
  options: CallOptions,
): Promise<ServiceStatus['unavailable']> {
  const key = keys.serviceState(service)
  const stored = await database.get(key, { default: { folders: {} }, ...options })
  return Object.entries(parseRecord(serviceStateSchema, stored, key).folders).flatMap(([folder, state]) =>
    state.available ? [] : [{ folder, reason: state.reason ?? '' }],
  )
}
