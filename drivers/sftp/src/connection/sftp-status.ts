import { ServiceError } from '@onitu/plug'

/** Status codes of SFTP 3. */
export const NO_SUCH_FILE = 2
export const PERMISSION_DENIED = 3
export const FAILURE = 4
export const BAD_MESSAGE = 5
export const UNSUPPORTED = 8

/** What the server answered, by its status code. */
export class SftpStatusError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
    this.name = 'SftpStatusError'
  }
}

export function hasStatus(error: unknown, status: number): boolean {
  return error instanceof SftpStatusError && error.status === status
}

/** What ssh2 gives to a callback: an answer of the server, or the end of the connection. */
export function requestError(error: Error): Error {
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'number' && code > 1 && code < 6) return new SftpStatusError(code, error.message)
  if (code === UNSUPPORTED) return new SftpStatusError(UNSUPPORTED, error.message)
  if (typeof code === 'number' && code === 1) return new SftpStatusError(code, 'end of file')
  return connectionLost(error)
}

export function connectionLost(cause?: unknown): ServiceError {
  return new ServiceError('CONNECTION_LOST', 'The connection to the server was lost', { cause })
}
