import type { CallOptions, Database } from '@onitu/escalator'
import { type Conflict, conflictSchema, type Head, headSchema, keys, lastPart, parseRecord } from '@onitu/protocol'
import type { ConflictCopy, ConflictedFile, ConflictSide } from './conflicted-file.ts'

const OPTIONS: CallOptions = { timeout: 10_000 }

interface Found {
  readonly conflict: Conflict
  readonly copy: Head
  /** What is at the path of the conflict, or where that was moved. */
  readonly original: Head
}

/** Every conflict that nobody resolved yet, by folder and path. */
export async function collectConflicts(database: Database): Promise<ConflictedFile[]> {
  const files = new Map<string, Found[]>()
  for (const found of await findConflicts(database)) {
    const { fid } = found.original
    files.set(fid, [...(files.get(fid) ?? []), found])
  }
  return [...files.values()].flatMap(describeFile).sort(byPath)
}

async function findConflicts(database: Database): Promise<Found[]> {
  const entries = await database.range({ prefix: keys.conflictPrefix, ...OPTIONS }).all()
  const conflicts = entries.map(([key, value]) => parseRecord(conflictSchema, value, key))
  const copies = await readHeads(
    database,
    entries.map(([key]) => lastPart(key)),
  )
  const originals = await followMoves(database, conflicts)
  return conflicts.flatMap((conflict, at) => {
    const [copy, original] = [copies[at], originals[at]]
    return copy === undefined || copy.deleted || original === undefined ? [] : [{ conflict, copy, original }]
  })
}

/** The heads at the paths of conflicts; of a file that was moved meanwhile, the one at its new path. */
async function followMoves(database: Database, conflicts: readonly Conflict[]): Promise<(Head | undefined)[]> {
  const heads = await readHeads(
    database,
    conflicts.map(({ fid }) => fid),
  )
  return Promise.all(heads.map((head) => followMove(database, head)))
}

/** Where no file is at the end of the moves, the path of the conflict is where a copy belongs. */
async function followMove(database: Database, first: Head | undefined): Promise<Head | undefined> {
  const seen = new Set<string>()
  for (let head = first; head?.deleted && head.movedTo !== undefined && !seen.has(head.fid); ) {
    seen.add(head.fid)
    ;[head] = await readHeads(database, [head.movedTo])
    if (head !== undefined && !head.deleted && head.folder === first?.folder) return head
  }
  return first
}

async function readHeads(database: Database, fids: readonly string[]): Promise<(Head | undefined)[]> {
  const names = fids.map((fid) => keys.head(fid))
  const values = await database.getMany(names, OPTIONS)
  return values.map((value, at) => (value === undefined ? undefined : parseRecord(headSchema, value, names[at] ?? '')))
}

function describeFile(found: readonly Found[]): ConflictedFile[] {
  const inOrder = found.toSorted((one, other) => one.conflict.version - other.conflict.version)
  const newest = inOrder.at(-1)
  if (newest === undefined) return []
  const { original, conflict } = newest
  const { folder, path } = original
  const copies = inOrder.map(({ conflict, copy }): ConflictCopy => {
    return { ...side(copy, conflict.loser), path: copy.path, winner: conflict.winner }
  })
  return [{ folder, path, original: side(original, conflict.winner), copies }]
}

function side({ fid, version, kind, size, mtime, deleted }: Head, service: string): ConflictSide {
  return { fid, version, service, kind, size, mtime, deleted }
}

function byPath(one: ConflictedFile, other: ConflictedFile): number {
  const [a, b] = [`${one.folder}:${one.path}`, `${other.folder}:${other.path}`]
  return a < b ? -1 : a > b ? 1 : 0
}
