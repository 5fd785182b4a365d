import type { BigIntStats } from 'node:fs'

/*
 * Tokens, the cheap proof of a state:
 *   file       f INODE - SIZE - MTIME in ns - permission bits     (base 36, bits octal)
 *   directory  d INODE - permission bits                          (its times and size change with what is in it)
 *   others     ! CODE                                             (left alone; never leaves this driver)
 * The change time was refused as a part: renaming and linking change it, so no token would survive a move.
 */

export const PERMISSION_BITS = 0o777

export type Token = string

/** Of a directory that must be there, and that no look has seen: differs from that of every real one. */
export const UNSEEN_DIRECTORY: Token = 'd-'

/** The same for a file. */
export const UNSEEN_FILE: Token = 'f-'

export function tokenOf(stat: BigIntStats): Token {
  const mode = (Number(stat.mode) & PERMISSION_BITS).toString(8)
  if (stat.isFile()) return `f${stat.ino.toString(36)}-${stat.size.toString(36)}-${stat.mtimeNs.toString(36)}-${mode}`
  if (stat.isDirectory()) return `d${stat.ino.toString(36)}-${mode}`
  return stat.isSymbolicLink() ? '!SYMLINK' : '!SPECIAL_FILE'
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

/** The token without the permission bits: equal when content and inode are the same, so a moved and chmodded file is still known again. */
export function identityOf(token: Token): string {
  return token.slice(0, token.lastIndexOf('-'))
}

/** ms since 1970, fractions to the microsecond; what is finer is cut, as every writer of times cuts it. */
export function mtimeOf(stat: BigIntStats): number {
  return Number(stat.mtimeNs / 1000n) / 1000
}

export function modeOf(stat: BigIntStats): number {
  return Number(stat.mode) & PERMISSION_BITS
}

/**
 * The argument for `utimes` that sets exactly this time. Node takes seconds as a double and libuv cuts that to whole
 * microseconds, so half a microsecond is added; as a string, because Node takes a negative number for "now".
 */
export function utimesArgument(mtime: number): string {
  const microseconds = Math.round(mtime * 1000)
  return String((microseconds + (microseconds < 0 ? -0.5 : 0.5)) / 1e6)
}
