import type { CallOptions, Database } from '@onitu/escalator'
import {
  type FileRecord,
  fileId,
  fileRecordSchema,
  type Head,
  headSchema,
  keys,
  OnituError,
  parseRecord,
} from '@onitu/protocol'
import { askKeepers } from './ask-keepers.ts'
import type { FileHistory, FileVersion, Holder } from './file-history.ts'
import type { HistorySource } from './history-source.ts'
import type { FilePlace } from './locate-file.ts'
import { readVersions } from './read-versions.ts'

/** ms */
const DATABASE_TIMEOUT = 10_000

/**
 * The versions of a file, and who still has their contents.
 * @throws OnituError `FILE_NOT_FOUND` when the hub never had such a file
 */
export async function collectHistory(
  source: HistorySource,
  { folder, path }: FilePlace,
  signal: AbortSignal,
): Promise<FileHistory> {
  const options = { timeout: DATABASE_TIMEOUT, signal }
  const heads = await readVersions(source.database, fileId(folder, path), options)
  if (heads.length === 0)
    throw new OnituError('FILE_NOT_FOUND', `${JSON.stringify(path)} was never in folder ${JSON.stringify(folder)}`)
  const holders = await readHolders(source, folder, heads, options)
  const { keepers, unasked } = await askKeepers(source, folder, hashesOf(heads), signal)
  const paths = await readPaths(source.database, heads, options)
  const newest = heads.find((head) => head.path === path)
  const describe = (head: Head): FileVersion => ({
    ...pick(head),
    current: head === newest && !head.deleted,
    movedFrom: paths.get(head.movedFrom ?? '') ?? null,
    movedTo: paths.get(head.movedTo ?? '') ?? null,
    heldBy: isContent(head) ? (holders.get(head.hash) ?? []) : [],
    keptBy: isContent(head) ? (keepers.get(head.hash) ?? []) : [],
  })
  return { folder, path, versions: heads.map(describe), unasked }
}

function pick({ version, path, kind, size, hash, mtime, mode, origin, deleted }: Head) {
  return { version, path, kind, size, hash, mtime, mode, origin, deleted }
}

function isContent({ deleted, kind }: Head): boolean {
  return !deleted && kind === 'file'
}

function hashesOf(heads: readonly Head[]): string[] {
  return [...new Set(heads.filter(isContent).map(({ hash }) => hash))]
}

/** By hash: the services that hold it, under one of the names that the file has had. */
async function readHolders(
  { setup, database }: HistorySource,
  folder: string,
  heads: readonly Head[],
  options: CallOptions,
): Promise<Map<string, Holder[]>> {
  const fids = [...new Set(heads.flatMap(({ fid, movedTo }) => (movedTo === undefined ? [fid] : [fid, movedTo])))]
  const services = [...setup.services.values()].filter(({ folders }) => folders.has(folder))
  const candidates = services.flatMap(({ name }) => fids.map((fid) => ({ service: name, fid })))
  const records = await readRecords(database, candidates, options)
  const holders = new Map<string, Holder[]>()
  for (const [at, holder] of candidates.entries()) {
    const record = records[at]
    if (record === undefined || record.token === null || record.kind !== 'file') continue
    holders.set(record.hash, [...(holders.get(record.hash) ?? []), holder])
  }
  return holders
}

export async function readRecords(
  database: Database,
  files: readonly Holder[],
  options: CallOptions,
): Promise<(FileRecord | undefined)[]> {
  const names = files.map(({ service, fid }) => keys.file(service, fid))
  const values = await database.getMany(names, options)
  return values.map((value, at) =>
    value === undefined ? undefined : parseRecord(fileRecordSchema, value, names[at] ?? ''),
  )
}

async function readPaths(
  database: Database,
  heads: readonly Head[],
  options: CallOptions,
): Promise<Map<string, string>> {
  const fids = [...new Set(heads.flatMap(({ movedFrom, movedTo }) => [movedFrom, movedTo]))].filter(
    (fid) => fid !== undefined,
  )
  const names = fids.map((fid) => keys.head(fid))
  const values = await database.getMany(names, options)
  return new Map(
    fids.flatMap((fid, at): [string, string][] => {
      const value = values[at]
      return value === undefined ? [] : [[fid, parseRecord(headSchema, value, names[at] ?? '').path]]
    }),
  )
}
