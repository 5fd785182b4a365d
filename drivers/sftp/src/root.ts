import { CONTROL_DIRECTORY } from '@onitu/plug'
import type { Session } from './connection/session.ts'
import { FAILURE, hasStatus, NO_SUCH_FILE } from './connection/sftp-status.ts'
import { readWhole, writeNew } from './files/transfer.ts'
import { MARKER, TEMPORARY_DIRECTORY } from './paths.ts'
import { isDirectory } from './token.ts'

export interface RootPlace {
  readonly root: string
  readonly identity: string
}

/**
 * Accepts a root, or gives the reason why not. A folder that the service never had gets its root and marker; a known one is never made again,
 * because an empty directory in place of an unmounted disk would read as "everything was deleted". Only the control directory, made by hand,
 * makes a known root without marker acceptable.
 */
export async function acceptRoot(session: Session, place: RootPlace, known: boolean): Promise<string | undefined> {
  const { root } = place
  if (!known) await makeDirectories(session, root)
  const stat = await session.stat(root)
  if (stat === undefined) return `The folder ${root} is not on the server. Mount it or move it back`
  if (!isDirectory(stat)) return `${root} on the server is not a directory`
  return acceptMarker(session, place, known)
}

async function acceptMarker(
  session: Session,
  { root, identity }: RootPlace,
  known: boolean,
): Promise<string | undefined> {
  const control = await session.lstat(`${root}/${CONTROL_DIRECTORY}`)
  if (known && (control === undefined || !isDirectory(control))) {
    return `The folder ${root} has lost its marker: it may be another disk, or emptied. If it is right as it is, make the directory ${CONTROL_DIRECTORY} in it`
  }
  const found = await readMarker(session, `${root}/${MARKER}`)
  if (found !== undefined && found !== identity) {
    return `${root} belongs to another Onitu folder (${MARKER} holds ${JSON.stringify(found.slice(0, 200))}). Remove that file to use it for this one`
  }
  await makeDirectories(session, `${root}/${TEMPORARY_DIRECTORY}`)
  if (found === undefined) await writeNew(session, `${root}/${MARKER}`, Buffer.from(`${identity}\n`))
  return undefined
}

async function readMarker(session: Session, path: string): Promise<string | undefined> {
  const content = await orAbsent(readWhole(session, path, MARKER_LIMIT))
  return content?.toString('utf8').replace(/\n$/, '')
}

const MARKER_LIMIT = 1024

/** What is there, or undefined when it is not. */
export async function orAbsent<T>(wanted: Promise<T>): Promise<T | undefined> {
  try {
    return await wanted
  } catch (error) {
    if (hasStatus(error, NO_SUCH_FILE)) return undefined
    throw error
  }
}

/** Makes a directory and those above it. */
async function makeDirectories(session: Session, path: string): Promise<void> {
  const found = await session.stat(path)
  if (found !== undefined && isDirectory(found)) return
  const above = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  if (above !== '') await makeDirectories(session, above)
  await makeDirectory(session, path)
}

/** Makes one directory; gives false if something is there already. */
export async function makeDirectory(session: Session, path: string): Promise<boolean> {
  try {
    await session.mkdir(path)
    return true
  } catch (error) {
    if (hasStatus(error, FAILURE) && (await session.lstat(path)) !== undefined) return false
    throw error
  }
}
