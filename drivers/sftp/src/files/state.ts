import { ChangedError, ConflictError, DriverError } from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import { hasStatus, NO_SUCH_FILE } from '../connection/sftp-status.ts'
import type { Folder } from '../folder.ts'
import { parentsOf } from '../paths.ts'
import { makeDirectory } from '../root.ts'
import { type Attributes, type Token, tokenOf } from '../token.ts'
import { all } from './transfer.ts'

/** What is at a path; undefined when nothing is. The last name is not followed if it is a link. */
export function stateOf(session: Session, folder: Folder, path: string): Promise<Attributes | undefined> {
  return session.lstat(folder.absolute(path))
}

/** @throws ChangedError unless the path is in this state */
export function requireWanted(found: Attributes | undefined, path: string, token: Token): Attributes {
  if (found !== undefined && tokenOf(found) === token) return found
  throw new ChangedError(`"${path}" is ${found === undefined ? 'gone' : 'not in the state that is wanted'}`)
}

/** @throws ConflictError when another state is there than the one that may be replaced; null: nothing may be there */
export function requireReplaceable(found: Attributes | undefined, path: string, token: Token | null): void {
  if ((found === undefined ? null : tokenOf(found)) === token) return
  if (token === null) throw inTheWay(path)
  if (found !== undefined) throw changedMeanwhile(path)
  throw new ConflictError(`"${path}" is gone, it was to be replaced in a known state`)
}

export function changedMeanwhile(path: string): ConflictError {
  return new ConflictError(`"${path}" has changed meanwhile, it is left as it is`)
}

export function inTheWay(path: string): ConflictError {
  return new ConflictError(`"${path}" exists and is left as it is`)
}

/** Looks at directories that are under way, by connection: all who ask for one meanwhile wait for the same answer. */
const looks = new WeakMap<object, Map<string, Promise<Attributes | undefined>>>()

/** Of many files in one directory not each asks for it: an answer that is on its way is no older than the way takes. */
function directoryState(session: Session, folder: Folder, path: string): Promise<Attributes | undefined> {
  const running = looks.get(session.link) ?? new Map<string, Promise<Attributes | undefined>>()
  looks.set(session.link, running)
  const absolute = folder.absolute(path)
  const found = running.get(absolute)
  if (found !== undefined) return found
  const look = stateOf(session, folder, path).finally(() => running.delete(absolute))
  running.set(absolute, look)
  return look
}

/** The directories above a path that are not there yet. @throws DriverError where one of them is a link or a file: nothing is followed out of the root */
export async function missingParents(session: Session, folder: Folder, path: string): Promise<string[]> {
  const parents = parentsOf(path)
  const found = await all(parents.map((parent) => directoryState(session, folder, parent)))
  const missing: string[] = []
  for (const [index, parent] of parents.entries()) {
    const state = found[index]
    if (state === undefined) missing.push(parent)
    else requireDirectory(state, parent, path)
  }
  return missing
}

function requireDirectory(state: Attributes, parent: string, path: string): void {
  const token = tokenOf(state)
  if (token.startsWith('d')) return
  if (token === '!SYMLINK') {
    throw new DriverError('SYMLINK', `"${parent}" above "${path}" is a symbolic link, which is not followed`)
  }
  throw new ConflictError(`"${parent}" above "${path}" is not a directory`)
}

/** Makes directories, the outermost first. One that another call makes at the same time is no failure. */
export async function makeParents(session: Session, folder: Folder, missing: readonly string[]): Promise<void> {
  for (const parent of missing) {
    const isNew = await makeDirectory(session, folder.absolute(parent))
    if (isNew) continue
    const state = await stateOf(session, folder, parent)
    if (state !== undefined) requireDirectory(state, parent, parent)
  }
}

/** Nothing above a file may be a link, and the file must be there. */
export async function requireParents(session: Session, folder: Folder, path: string): Promise<void> {
  const missing = await missingParents(session, folder, path)
  if (missing.length > 0) throw new ChangedError(`"${path}" is gone: "${missing[0]}" is not there`)
}

/** Removes a file that may be gone already. */
export async function unlinkIfThere(session: Session, path: string): Promise<void> {
  try {
    await session.unlink(path)
  } catch (error) {
    if (!hasStatus(error, NO_SUCH_FILE)) throw error
  }
}
