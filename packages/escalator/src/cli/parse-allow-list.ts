import { decodeKey } from '../messaging/z85.ts'

/** Public keys, each with the name that the list gives it (or none: ''). */
export type AllowList = ReadonlyMap<string, string>

/**
 * Reads a list of public keys: one on each line, a name may follow it; lines that begin with `#` are comments.
 * @throws SyntaxError that names the line
 */
export function parseAllowList(text: string): AllowList {
  const list = new Map<string, string>()
  for (const [index, line] of text.split('\n').entries()) {
    const [first = '', ...name] = line.trim().split(/\s+/)
    // No key begins with #: it would stand for more than 32 bits.
    if (decodeKey(first) !== undefined) list.set(first, name.join(' '))
    else if (first !== '' && !first.startsWith('#')) {
      throw new SyntaxError(`line ${index + 1} does not begin with a public key (40 characters of Z85)`)
    }
  }
  return list
}
