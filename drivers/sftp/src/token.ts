/*
 * Tokens, the cheap proof of a state:
 *   file       f SIZE - MTIME in seconds - permission bits     (base 36, bits octal)
 *   directory  d permission bits                               (its times change with what is in it)
 *   others     ! CODE                                          (left alone; never leaves this driver)
 * SFTP 3 has neither inode numbers nor times below the second, so two changes within a second that keep the size look the same: what was
 * changed a moment ago is told later only (see settling.ts).
 */

export const PERMISSION_BITS = 0o777
const TYPE_BITS = 0o170000
const DIRECTORY = 0o040000
const FILE = 0o100000
const LINK = 0o120000

export type Token = string

export interface Attributes {
  readonly mode: number
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
}

export function tokenOf({ mode, size, mtime }: Attributes): Token {
  const bits = (mode & PERMISSION_BITS).toString(8)
  const type = mode & TYPE_BITS
  if (type === FILE) return `f${size.toString(36)}-${mtime.toString(36)}-${bits}`
  if (type === DIRECTORY) return `d${bits}`
  return type === LINK ? '!SYMLINK' : '!SPECIAL_FILE'
}

/** Of what is there, without following links. */
export function isDirectory({ mode }: Attributes): boolean {
  return (mode & TYPE_BITS) === DIRECTORY
}

export function isFileToken(token: Token | undefined): token is Token {
  return token?.startsWith('f') === true
}

export function isDirectoryToken(token: Token | undefined): token is Token {
  return token?.startsWith('d') === true
}

export function isLeftAlone(token: Token): boolean {
  return token.startsWith('!')
}

/** The token without the permission bits: what stays when a file is renamed. */
export function identityOf(token: Token): string {
  return token.slice(0, token.lastIndexOf('-'))
}

/** The permission bits in a token. */
export function modeOf(token: Token): number {
  return Number.parseInt(token.slice(token.startsWith('d') ? 1 : token.lastIndexOf('-') + 1), 8)
}

const LATEST = 2 ** 32 - 1

/** Whole seconds as SFTP has them; undefined where it cannot say the time. */
export function secondsOf(mtime: number): number | undefined {
  const seconds = Math.floor(mtime / 1000)
  return seconds >= 0 && seconds <= LATEST ? seconds : undefined
}
