import { ChangedError, DriverError, OnituError, ServiceError } from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import {
  BAD_MESSAGE,
  FAILURE,
  NO_SUCH_FILE,
  PERMISSION_DENIED,
  SftpStatusError,
  UNSUPPORTED,
} from '../connection/sftp-status.ts'
import type { Folder } from '../folder.ts'

const READ_ONLY_FLAG = 1

/** Runs what works on a folder, and makes the answers of the server errors that say what was done, and whether trying again may help. */
export async function guarded<R>(session: Session, folder: Folder, doing: string, work: () => Promise<R>): Promise<R> {
  try {
    await folder.require(session)
    return await work()
  } catch (error) {
    throw await failureOf(session, folder, doing, error)
  }
}

async function failureOf(session: Session, folder: Folder, doing: string, error: unknown): Promise<unknown> {
  if (!(error instanceof SftpStatusError)) return error
  const said = `${doing}: the server says "${error.message}"`
  switch (error.status) {
    case NO_SUCH_FILE:
      return absentFailure(session, folder, `${doing} failed: it is gone`, error)
    case PERMISSION_DENIED:
      return new ServiceError('EACCES', said, { cause: error })
    case BAD_MESSAGE:
      return new DriverError('NOT_HELD', said, { cause: error })
    case UNSUPPORTED:
      return new DriverError('NOT_SUPPORTED', said, { cause: error })
    default:
      return fullFailure(session, folder, said, error)
  }
}

/** Where the whole root is gone, the file is not gone: the folder is. */
async function absentFailure(session: Session, folder: Folder, message: string, cause: unknown): Promise<unknown> {
  try {
    await folder.requireMarker(session)
    return new ChangedError(message, { cause })
  } catch (error) {
    return error
  }
}

/** SFTP 3 has one status for everything else, so the file system is asked whether it is full. */
async function fullFailure(session: Session, folder: Folder, said: string, cause: SftpStatusError): Promise<unknown> {
  const code = cause.status === FAILURE ? await fileSystemCode(session, folder) : undefined
  const why = code === 'ENOSPC' ? ' (no space is left there)' : code === 'EROFS' ? ' (it is read-only)' : ''
  return new ServiceError(code ?? 'SFTP_FAILURE', `${said}${why}`, { cause })
}

async function fileSystemCode(session: Session, folder: Folder): Promise<string | undefined> {
  try {
    const { blocks, files, flags } = await session.statvfs(folder.root)
    if (blocks === 0 || files === 0) return 'ENOSPC'
    return (flags & READ_ONLY_FLAG) === 0 ? undefined : 'EROFS'
  } catch (error) {
    // A server that cannot say: the failure keeps its general code. That the connection is lost shows in the next call.
    if (error instanceof SftpStatusError || error instanceof OnituError || error instanceof Error) return undefined
    throw error
  }
}
