import type { Key } from '../wire/key.ts'

/** The forms in which abstract-level hands over keys and values. */
export type Format = 'utf8' | 'buffer' | 'view'
export type Formatted = string | Uint8Array

export function toKey(key: Formatted): Key {
  // As in LevelDB's own binding, half a surrogate pair becomes U+FFFD.
  return typeof key === 'string' && !key.isWellFormed() ? key.toWellFormed() : key
}

export function toBytes(value: Formatted): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : value
}

/** A copy: the bytes at hand are part of a whole message. */
export function fromBytes(bytes: Buffer, format: Format): Formatted {
  return format === 'utf8' ? bytes.toString() : Buffer.from(bytes)
}
