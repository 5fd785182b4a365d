import { randomBytes } from 'node:crypto'

export function bytes(size: number): Uint8Array {
  return randomBytes(size)
}

export function text(content: string): Uint8Array {
  return Buffer.from(content)
}

/** Sizes around everything where something is cut: blocks, chunks, the end. */
export function sizesAround(chunk: number): readonly number[] {
  return [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk + 17]
}

/** Longer than a chunk, whatever that is, and not a multiple of it. */
export function severalChunks(chunk: number): number {
  return 3 * chunk + 12_345
}

/** Names that are legal in Onitu. A service that cannot hold one has to say so in `normalizePath`. */
export const NAMES: readonly (readonly [title: string, name: string])[] = [
  ['spaces', ' a  name with spaces '],
  ['quotes', `it's "quoted" \`back\``],
  ['a percent sign', '100%'],
  ['a percent escape', 'a%2Fb%20c%00'],
  ['a hash', '#hash#1'],
  ['a question mark', 'what?a=b&c=d'],
  ['a plus and an ampersand', 'a+b&c=d;e'],
  ['a newline', 'two\nlines'],
  ['a tab and control characters', 'tab\tbell\u0007escape\u001b'],
  ['a backslash', 'back\\slash'],
  ['a star and brackets', '*[a-z]{1,2}'],
  ['a dollar and a tilde', '~$HOME'],
  ['a leading dash', '-rf'],
  ['a leading dot', '.hidden'],
  ['a trailing dot', 'trailing.'],
  ['trailing dots', 'trailing...'],
  ['three dots', '...'],
  ['a colon and a pipe', 'a:b|c<d>e'],
  ['an emoji', 'emoji 👩‍👩‍👧 🎉'],
  ['composed letters (NFC)', 'caf\u00e9'],
  ['letters with combining marks (NFD)', 'cafe\u0301'],
  ['right-to-left letters', 'שלום'],
  ['a name as long as names get', 'n'.repeat(255)],
  ['multi-byte letters up to 255 bytes', 'é'.repeat(127)],
  ['only digits', '0'],
  ['upper case', 'CASE'],
  ['lower case', 'case'],
  ['a name of the language', '__proto__'],
]
