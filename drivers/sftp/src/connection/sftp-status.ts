import { ServiceError } from '@onitu/plug'

/** Status codes of SFTP 3. */
export const END_OF_FILE = 1
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

export function connectionLost(cause?: unknown): ServiceError {
  return new ServiceError('CONNECTION_LOST', 'The connection to the server was lost', { cause })
}
