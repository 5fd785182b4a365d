import type { Session } from '../connection/session.ts'
import type { Folder } from '../folder.ts'
import { split, TEMPORARY_DIRECTORY } from '../paths.ts'
import { orAbsent } from '../root.ts'
import { SMALL_PREFIX } from './small-writes.ts'
import { unlinkIfThere } from './state.ts'
import { isTaken, settleTaken } from './taken.ts'

/** Nobody goes on with an upload after so many ms without a chunk. */
const ABANDONED = 24 * 60 * 60 * 1000

/**
 * Removes what an earlier process left behind: small files at once, uploads that could be gone on with after a day. Of one that is empty nothing is lost, and perhaps
 * nobody knows: its process was killed before that was noted down.
 */
export async function cleanTemporaries(session: Session, folder: Folder): Promise<void> {
  const directory = folder.absolute(TEMPORARY_DIRECTORY)
  const entries = (await orAbsent(session.list(directory))) ?? []
  const useless = entries.filter(
    ({ filename, attrs }) =>
      filename.startsWith(SMALL_PREFIX) ||
      isTaken(filename) ||
      attrs.size === 0 ||
      Date.now() - attrs.mtime * 1000 > ABANDONED,
  )
  await Promise.all(useless.map(({ filename }) => clean(session, folder, `${directory}/${filename}`)))
}

/** Removes what could not be removed when an earlier connection was lost. */
export async function cleanLeftovers(session: Session, folder: Folder): Promise<void> {
  const paths = [...folder.leftovers]
  await Promise.all(paths.map((path) => clean(session, folder, path)))
  for (const path of paths) folder.leftovers.delete(path)
}

function clean(session: Session, folder: Folder, absolute: string): Promise<void> {
  const isAside = isTaken(split(absolute).name)
  return isAside ? settleTaken(session, folder, absolute) : unlinkIfThere(session, absolute)
}
