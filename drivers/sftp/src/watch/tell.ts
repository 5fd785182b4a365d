import { type Change, ContentHash, contentHash, type DriverPlug, HASH_BLOCK_SIZE, type Seen } from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import { readFile } from '../files/reading.ts'
import type { Folder } from '../folder.ts'
import { isDirectoryToken, PERMISSION_BITS } from '../token.ts'
import { type Candidate, findMoves } from './find-moves.ts'
import type { Found } from './found.ts'
import type { Listing } from './list-folder.ts'

/** What a listing found, as changes for the Plug, and what is left to be settled. */
export interface Told {
  readonly changes: readonly Change[]
  /** Appeared or changed, and no move. */
  readonly rest: readonly Found[]
}

/** Moves, deletions and directories, in the order in which they make sense: what leaves a path before what takes it. */
export async function changesOf(plug: DriverPlug, session: Session, folder: Folder, listing: Listing): Promise<Told> {
  const { index } = folder
  const vanished = listing.vanished.flatMap((path) => {
    const token = index.get(path)
    return token === undefined ? [] : [{ path, token }]
  })
  const appeared = listing.changed.filter(({ path }) => index.get(path) === undefined)
  const moves = await verified(plug, session, folder, findMoves(vanished, appeared))
  const from = new Set(moves.map((move) => move.from.path))
  const to = new Set(moves.map((move) => move.path))
  const directories = listing.changed.filter(({ token }) => isDirectoryToken(token))
  return {
    changes: [
      ...moves,
      ...vanished.flatMap(({ path }): Change[] =>
        from.has(path) ? [] : [{ type: 'deleted', folder: folder.name, path }],
      ),
      ...directories.map((found) => updated(folder, found)),
    ],
    rest: listing.changed.filter(({ path, token }) => !isDirectoryToken(token) && !to.has(path)),
  }
}

export function updated(folder: Folder, found: Found): Change {
  return { type: 'updated', ...seenOf(folder, found) }
}

/** The times of a directory follow from what happens in it, so they are not told. */
function seenOf(folder: Folder, { path, token, size, mtime, mode }: Found): Seen {
  const plain = { folder: folder.name, path, token, mode: mode & PERMISSION_BITS }
  if (isDirectoryToken(token)) return { kind: 'directory', size: 0, mtime: null, ...plain }
  return { kind: 'file', size, mtime: mtime * 1000, ...plain }
}

type Moved = Extract<Change, { type: 'moved' }>

/** The candidates of which the content is the one that the vanished file had. One after the other: their contents may be large. */
async function verified(
  plug: DriverPlug,
  session: Session,
  folder: Folder,
  candidates: readonly Candidate[],
): Promise<Moved[]> {
  const moves: Moved[] = []
  for (const { from, to } of candidates) {
    const known = await plug.getMetadata(folder.name, from)
    if (known === undefined) continue
    const hash = await hashOf(session, folder, to)
    if (hash === known.hash) {
      moves.push({ type: 'moved', from: { folder: folder.name, path: from }, ...seenOf(folder, to), hash })
    }
  }
  return moves
}

/** undefined when it changes while it is read. */
async function hashOf(session: Session, folder: Folder, { path, token, size }: Found): Promise<string | undefined> {
  const context = { token, signal: new AbortController().signal }
  const read = (offset: number, count: number) => readFile(session, folder, { path }, offset, count, context)
  try {
    if (size <= HASH_BLOCK_SIZE) return contentHash(await read(0, size))
    const hash = new ContentHash()
    while (hash.size < size) hash.update(await read(hash.size, Math.min(HASH_BLOCK_SIZE, size - hash.size)))
    return hash.digest()
  } catch (error) {
    if (!session.isAlive) throw error
    return undefined
  }
}
