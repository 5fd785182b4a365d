import { systemCode } from '@onitu/protocol'

/** The socket has no peer, or none that takes more. Nothing was sent. */
export function isNotWritable(error: unknown): boolean {
  return systemCode(error) === 'EAGAIN'
}

/** The address to bind belongs to another socket. */
export function isTaken(error: unknown): boolean {
  return systemCode(error) === 'EADDRINUSE'
}
