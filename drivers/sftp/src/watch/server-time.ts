import { randomUUID } from 'node:crypto'
import type { Session } from '../connection/session.ts'
import { SftpStatusError } from '../connection/sftp-status.ts'
import { SMALL_PREFIX } from '../files/small-writes.ts'
import { unlinkIfThere } from '../files/state.ts'
import { all, withHandle } from '../files/transfer.ts'
import type { Folder } from '../folder.ts'
import { TEMPORARY_DIRECTORY } from '../paths.ts'

/**
 * What the clock says by which this folder gets its times, in seconds since 1970: the time of a file that is made for it. Undefined where none can
 * be made. Asked anew each time, for clocks are set.
 */
export async function serverTime(session: Session, folder: Folder): Promise<number | undefined> {
  const path = folder.absolute(`${TEMPORARY_DIRECTORY}/${SMALL_PREFIX}${randomUUID()}`)
  try {
    const [{ mtime }] = await withHandle(session, path, 'new', (handle) =>
      all([session.fstat(handle), unlinkIfThere(session, path)]),
    )
    return mtime
  } catch (error) {
    if (error instanceof SftpStatusError) return undefined
    if (!session.isAlive) folder.leftovers.add(path)
    throw error
  }
}
