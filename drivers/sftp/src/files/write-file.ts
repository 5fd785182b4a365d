import type { Metadata, Stored } from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import { FAILURE, hasStatus } from '../connection/sftp-status.ts'
import type { Folder } from '../folder.ts'
import type { GivenAttributes } from '../protocol/packets.ts'
import { type Attributes, modeOf, PERMISSION_BITS, secondsOf, type Token, tokenOf } from '../token.ts'
import { inTheWay, makeParents, missingParents, requireReplaceable, stateOf } from './state.ts'
import { replaceTaken } from './taken.ts'
import { all } from './transfer.ts'

/** A directory that Onitu cannot enter or write could not be kept in sync, so the owner's bits are always set. */
const OWNER = 0o700

export type Wanted = Pick<Metadata, 'mtime' | 'mode' | 'kind'>

/** Times and mode as asked; without a mode, that of the file that is replaced. What SFTP cannot say is left as the server makes it. */
export function attributesOf({ mtime, mode, kind }: Wanted, replaced: Token | null): GivenAttributes | undefined {
  const seconds = mtime === null || kind === 'directory' ? undefined : secondsOf(mtime)
  const bits = mode ?? (replaced === null ? undefined : modeOf(replaced))
  if (seconds === undefined && bits === undefined) return undefined
  return {
    ...(bits === undefined ? {} : { mode: (bits & PERMISSION_BITS) | (kind === 'directory' ? OWNER : 0) }),
    ...(seconds === undefined ? {} : { mtime: seconds }),
  }
}

export function storedOf(state: Attributes): Stored {
  const token = tokenOf(state)
  return { token, mtime: token.startsWith('d') ? null : state.mtime * 1000, mode: state.mode & PERMISSION_BITS }
}

/**
 * Attributes and, if wanted, the server's disk, for a file that is written aside. Gives what it then is. All in one round trip: a server takes what
 * concerns one file in order.
 */
export async function finish(
  session: Session,
  handle: Buffer,
  wanted: Wanted,
  { replaced, fsync }: { readonly replaced: Token | null; readonly fsync: boolean },
): Promise<Attributes> {
  const attributes = attributesOf(wanted, replaced)
  const [, state] = await all([
    attributes === undefined ? undefined : session.fsetstat(handle, attributes),
    session.fstat(handle),
    fsync ? session.fsync(handle) : undefined,
  ])
  return state
}

export interface Commit {
  readonly session: Session
  readonly folder: Folder
  readonly path: string
  /** What was written aside, absolute. */
  readonly temporary: string
  readonly state: Attributes
  /** The state that may be replaced; null: nothing may be there. */
  readonly token: Token | null
}

/** Gives what was written aside its final name, if what is there is what may be replaced. */
export async function commit({ session, folder, path, temporary, state, token }: Commit): Promise<void> {
  const look = () => all([stateOf(session, folder, path), missingParents(session, folder, path)])
  const [found, missing] = await look()
  requireReplaceable(found, path, token)
  await folder.require(session)
  await makeParents(session, folder, missing)
  if (missing.length > 0) requireReplaceable((await look())[0], path, token)
  await (token === null
    ? placeNew(session, folder, path, temporary)
    : replaceTaken(session, folder, { path, temporary, state, token }))
}

/** A plain rename never overwrites (OpenSSH links and unlinks), so where nothing may be there is no moment in which something can be lost. */
async function placeNew(session: Session, folder: Folder, path: string, temporary: string): Promise<void> {
  try {
    await session.rename(temporary, folder.absolute(path))
  } catch (error) {
    if (hasStatus(error, FAILURE) && (await stateOf(session, folder, path)) !== undefined) throw inTheWay(path)
    throw error
  }
}
