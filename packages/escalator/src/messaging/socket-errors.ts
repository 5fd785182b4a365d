import { systemCode } from '@onitu/protocol'

/** The socket has no peer, or none that takes more. Nothing was sent. */
export function isNotWritable(error: unknown): boolean {
  return systemCode(error) === 'EAGAIN'
}

/** The peer that a router was to send to is gone. Nothing was sent. */
export function isPeerGone(error: unknown): boolean {
  return systemCode(error) === 'EHOSTUNREACH'
}

/** The address to bind belongs to another socket. */
export function isTaken(error: unknown): boolean {
  return systemCode(error) === 'EADDRINUSE'
}
