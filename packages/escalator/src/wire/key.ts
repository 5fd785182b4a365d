/** A key on its way: its bytes, or a string that stands for its UTF-8 bytes. Both name the same key. */
export type Key = string | Uint8Array

const ASCII = /^[\0-\x7f]*$/

/** The same text for the same bytes, however they were given: one character for each byte. */
export function keyId(key: Key): string {
  if (typeof key !== 'string') return asBuffer(key).toString('latin1')
  return ASCII.test(key) ? key : Buffer.from(key).toString('latin1')
}

export function keyBytes(key: Key): Uint8Array {
  return typeof key === 'string' ? Buffer.from(key) : key
}

export function compareKeys(left: Key, right: Key): number {
  return Buffer.compare(keyBytes(left), keyBytes(right))
}

export function joinKeys(left: Key, right: Key): Key {
  if (typeof left === 'string' && typeof right === 'string') return left + right
  return Buffer.concat([keyBytes(left), keyBytes(right)])
}

/** The same memory, with the methods of a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes instanceof Buffer) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
