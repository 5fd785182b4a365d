/*
 * What both sides of a connection of ZMTP 3 (ZeroMQ RFC 23) say first: 64 bytes, a signature, the version, the name of a
 * security mechanism, whether this end is the server of it, and zeros.
 */
export const GREETING_SIZE = 64
const VERSION_AT = 10
const MECHANISM_AT = 12
const MECHANISM_SIZE = 20
const AS_SERVER_AT = 32
const MAJOR = 3
const MINOR = 1

export function makeGreeting(mechanism: string, isServer = false): Buffer {
  const bytes = Buffer.alloc(GREETING_SIZE)
  bytes[0] = 0xff
  bytes[9] = 0x7f
  bytes[VERSION_AT] = MAJOR
  bytes[VERSION_AT + 1] = MINOR
  bytes.write(mechanism, MECHANISM_AT, 'latin1')
  bytes[AS_SERVER_AT] = isServer ? 1 : 0
  return bytes
}

/** What is wrong with the greeting of the other end; undefined when nothing is. */
export function greetingProblem(bytes: Buffer, expected: string): string | undefined {
  if (bytes[0] !== 0xff || bytes[9] !== 0x7f) return 'it does not speak ZeroMQ'
  const major = bytes[VERSION_AT] ?? 0
  if (major < MAJOR) return `it speaks version ${major} of the protocol, not ${MAJOR}`
  const mechanism = bytes.toString('latin1', MECHANISM_AT, MECHANISM_AT + MECHANISM_SIZE).replace(/\0+$/, '')
  return mechanism === expected ? undefined : `it wants security by ${JSON.stringify(mechanism)}, not ${expected}`
}
