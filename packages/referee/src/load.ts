import type { Database } from '@onitu/escalator'
import {
  type FileRecord,
  fileId,
  fileRecordSchema,
  type Head,
  headSchema,
  isFileId,
  keys,
  type Observation,
  type Order,
  orderSchema,
  parseRecord,
} from '@onitu/protocol'
import type { GenericSchema, InferOutput } from 'valibot'
import type { LoadedFile, LoadedView } from './decide/loaded-view.ts'
import type { Needed } from './decide/view.ts'

/** Loads what a decision asked for. */
export async function loadNeeded(
  db: Database,
  services: readonly string[],
  view: LoadedView,
  needed: Needed,
): Promise<void> {
  switch (needed.type) {
    case 'file':
      return loadFiles(db, services, view, [needed.fid])
    case 'version': {
      const key = keys.version(needed.fid, needed.version)
      view.versions.set(key, parseOptional(headSchema, await db.get(key, { default: undefined }), key))
      return
    }
    case 'history': {
      const heads: Head[] = []
      for await (const [key, value] of db.range({ prefix: keys.versionPrefix(needed.fid) })) {
        heads.push(parseRecord(headSchema, value, key))
      }
      view.histories.set(needed.fid, heads)
      return
    }
    case 'copy': {
      const key = keys.copy(needed.service, needed.fid)
      const fid = await db.get<unknown, undefined>(key, { default: undefined })
      view.copies.set(key, isFileId(fid) ? fid : undefined)
      return
    }
    case 'below': {
      const fids = await db.values<string>({ prefix: keys.path(needed.folder, `${needed.path}/`) }).all()
      view.listings.set(keys.path(needed.folder, needed.path), fids)
      return loadFiles(db, services, view, fids)
    }
  }
}

/**
 * Loads in few round-trips what decisions on these observations nearly always read. Anything else is asked for by
 * `MissingData`, which costs a round-trip each.
 */
export async function preload(
  db: Database,
  services: readonly string[],
  view: LoadedView,
  observations: readonly Observation[],
): Promise<void> {
  await loadFiles(db, services, view, observations.flatMap(fidsOf))
  const redirected = [...view.files.values()].flatMap((file) =>
    [...file.orders.values()].flatMap((order) => relatedOf(order)),
  )
  await loadFiles(db, services, view, redirected)
  for (const observation of observations) {
    if (observation.type !== 'deleted' || observation.kind !== 'directory') continue
    await loadNeeded(db, services, view, { type: 'below', folder: observation.folder, path: observation.path })
  }
}

/** Loads heads, records and orders of files not loaded yet. */
export async function loadFiles(
  db: Database,
  services: readonly string[],
  view: LoadedView,
  wanted: readonly string[],
): Promise<void> {
  const fids = [...new Set(wanted)].filter((fid) => !view.files.has(fid))
  if (fids.length === 0) return
  const wantedKeys = fids.flatMap((fid) => [
    keys.head(fid),
    ...services.flatMap((service) => [keys.file(service, fid), keys.order(service, fid)]),
  ])
  const values = await db.getMany(wantedKeys)
  const perFile = 1 + 2 * services.length
  for (const [index, fid] of fids.entries()) {
    view.files.set(fid, parseFile(fid, services, values.slice(index * perFile, (index + 1) * perFile)))
  }
}

function parseFile(fid: string, services: readonly string[], values: readonly unknown[]): LoadedFile {
  const records = new Map<string, FileRecord>()
  const orders = new Map<string, Order>()
  const head: Head | undefined = parseOptional(headSchema, values[0], keys.head(fid))
  for (const [index, service] of services.entries()) {
    const record = parseOptional(fileRecordSchema, values[1 + 2 * index], keys.file(service, fid))
    const order = parseOptional(orderSchema, values[2 + 2 * index], keys.order(service, fid))
    if (record !== undefined) records.set(service, record)
    if (order !== undefined) orders.set(service, order)
  }
  return { head, records, orders }
}

function parseOptional<const S extends GenericSchema>(
  schema: S,
  value: unknown,
  key: string,
): InferOutput<S> | undefined {
  return value === undefined || value === null ? undefined : parseRecord(schema, value, key)
}

function fidsOf(observation: Observation): string[] {
  const parent = parentFid(observation.folder, observation.path)
  const own = parent === undefined ? [observation.fid] : [observation.fid, parent]
  return observation.type === 'moved' ? [...own, observation.from.fid] : own
}

function parentFid(folder: string, path: string): string | undefined {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? undefined : fileId(folder, path.slice(0, slash))
}

function relatedOf(order: Order): string[] {
  return [order.movedTo?.fid, order.movedFrom].filter((fid) => fid !== undefined)
}
