import { randomUUID } from 'node:crypto'
import type { Session } from '../connection/session.ts'
import { FAILURE, hasStatus, NO_SUCH_FILE, SftpStatusError } from '../connection/sftp-status.ts'
import type { Folder } from '../folder.ts'
import { split, TEMPORARY_DIRECTORY } from '../paths.ts'
import { type Attributes, type Token, tokenOf } from '../token.ts'
import { changedMeanwhile, unlinkIfThere } from './state.ts'
import { all } from './transfer.ts'

/*
 * SFTP has no condition for a rename or a removal, and between a look at a file and what is done to it there is the way to the server and back: over a slow one, time enough
 * for another program to put something else there. So what goes is first put aside under a name that says in which state it was to be (for a content that is replaced by a
 * second name, so that there is always something in its place), and looked at once more: all in one message, which OpenSSH carries out in some microseconds.
 * What turns out to be something else goes back.
 */

const PREFIX = 'taken-'
const UUID_LENGTH = 36

function takenPath(folder: Folder, token: Token): string {
  return folder.absolute(`${TEMPORARY_DIRECTORY}/${PREFIX}${randomUUID()}-${token}`)
}

/** Whether a temporary file is one that was put aside here. */
export function isTaken(name: string): boolean {
  return name.startsWith(PREFIX)
}

/** @throws ConflictError when it was not in this state any more, and is where it was */
export async function deleteTaken(session: Session, folder: Folder, path: string, token: Token): Promise<void> {
  const taken = takenPath(folder, token)
  await leaving(session, folder, taken, async () => {
    const absolute = folder.absolute(path)
    const [isAside, state] = await all([hasRenamed(session, absolute, taken), session.lstat(taken)])
    // A disk may be so full that no name can be made; nothing else would free it.
    if (!isAside) return session.unlink(absolute)
    if ((await isState(session, taken, state, [token])) === false) {
      await giveBack(session, folder, taken, path)
      throw changedMeanwhile(path)
    }
    await unlinkIfThere(session, taken)
  })
}

export interface Replacement {
  readonly path: string
  /** What was written aside, absolute, and its state. */
  readonly temporary: string
  readonly state: Attributes
  /** The state of what it replaces. */
  readonly token: Token
}

/** @throws ConflictError when that was not in this state any more, and is where it was */
export async function replaceTaken(session: Session, folder: Folder, replacement: Replacement): Promise<void> {
  const { path, temporary, state, token } = replacement
  const absolute = folder.absolute(path)
  const taken = takenPath(folder, token)
  await leaving(session, folder, taken, async () => {
    const [isLinked, replaced, found] = await all([
      hasLinked(session, absolute, taken),
      session.replace(temporary, absolute).then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
      session.lstat(taken),
    ])
    // Where nothing can have a second name, what is replaced is not looked at again.
    if (!isLinked) {
      if (replaced !== undefined) throw replaced.error
      return
    }
    // A server that does not keep the order may have linked what has just been put there.
    const isMeant = replaced !== undefined || (await isState(session, taken, found, [token, tokenOf(state)])) !== false
    if (!isMeant) await putBack(session, folder, { taken, path, ours: tokenOf(state) })
    else await unlinkIfThere(session, taken)
    if (replaced !== undefined) throw replaced.error
    if (!isMeant) throw changedMeanwhile(path)
  })
}

/** What an earlier connection or process has left aside goes, if it is what was to go. Else it becomes a new file, so that its owner finds it. */
export async function settleTaken(session: Session, folder: Folder, absolute: string): Promise<void> {
  const token = absolute.slice(absolute.lastIndexOf('/') + 1 + PREFIX.length + UUID_LENGTH + 1)
  const isMeant = await isState(session, absolute, undefined, [token])
  if (isMeant === false) await keep(session, folder, absolute, '')
  else if (isMeant) await unlinkIfThere(session, absolute)
}

/** Undefined when nothing is there. `state`: as it was seen, if it was. */
async function isState(
  session: Session,
  absolute: string,
  state: Attributes | undefined,
  tokens: readonly Token[],
): Promise<boolean | undefined> {
  const found = state ?? (await session.lstat(absolute))
  return found === undefined ? undefined : tokens.includes(tokenOf(found))
}

function hasLinked(session: Session, absolute: string, taken: string): Promise<boolean> {
  return isDone(session.hardlink(absolute, taken))
}

/** @throws SftpStatusError when nothing is there */
function hasRenamed(session: Session, absolute: string, taken: string): Promise<boolean> {
  return isDone(session.rename(absolute, taken), NO_SUCH_FILE)
}

async function isDone(request: Promise<void>, failsWith?: number): Promise<boolean> {
  try {
    await request
    return true
  } catch (error) {
    if (!(error instanceof SftpStatusError) || error.status === failsWith) throw error
    return false
  }
}

interface Misplaced {
  /** What belongs at the path. */
  readonly taken: string
  readonly path: string
  /** The state of what was put there instead. */
  readonly ours: Token
}

async function putBack(session: Session, folder: Folder, { taken, path, ours }: Misplaced): Promise<void> {
  const away = takenPath(folder, ours)
  await leaving(session, folder, away, async () => {
    await session.rename(folder.absolute(path), away)
    await giveBack(session, folder, taken, path)
    await settleTaken(session, folder, away)
  })
}

/** A plain rename: what somebody has put there in between stays. */
async function giveBack(session: Session, folder: Folder, taken: string, path: string): Promise<void> {
  try {
    await session.rename(taken, folder.absolute(path))
  } catch (error) {
    if (!hasStatus(error, FAILURE)) throw error
    await keep(session, folder, taken, split(path).directory)
  }
}

async function keep(session: Session, folder: Folder, taken: string, directory: string): Promise<void> {
  const name = `kept-${randomUUID()}`
  await session.rename(taken, folder.absolute(directory === '' ? name : `${directory}/${name}`))
}

/** Should the connection be lost, the next one settles it. */
async function leaving(session: Session, folder: Folder, taken: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!session.isAlive) folder.leftovers.add(taken)
    throw error
  }
}
