import type { DirectoryEntry } from '../protocol/packets.ts'
import { type Attributes, type Token, tokenOf } from '../token.ts'

/** A file or directory as a listing showed it. */
export interface Found extends Attributes {
  readonly path: string
  readonly token: Token
}

export function foundAt(path: string, { mode, size, mtime }: Attributes): Found {
  const attributes = { mode, size, mtime }
  return { path, ...attributes, token: tokenOf(attributes) }
}

/** Names are decoded as UTF-8; what is not UTF-8 could not be asked for again. */
export function isDecoded({ filename }: DirectoryEntry): boolean {
  return !filename.includes('\ufffd')
}
