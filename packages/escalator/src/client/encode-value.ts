import { encode, msgpackProblem } from '@onitu/protocol'
import type { Key } from '../wire/key.ts'

/** What is stored for a value. @throws TypeError when it would not come back as the same value. */
export function encodeValue(value: unknown, raw: boolean | undefined): Uint8Array {
  if (raw === true) {
    if (value instanceof Uint8Array) return value
    throw new TypeError(`With { raw: true } a value must be bytes (Uint8Array), got ${typeof value}`)
  }
  if (typeof value === 'function' || typeof value === 'symbol' || value === undefined) {
    throw new TypeError(`A value must be plain data, got ${typeof value}`)
  }
  const bytes = encode(value)
  // Nothing can be wrong inside these.
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return bytes
  const problem = msgpackProblem(bytes)
  if (problem === undefined) return bytes
  throw new TypeError(`A value must be plain data (no Date, Map, class…); as msgpack ${problem}`)
}

/** Refuses what would not come back as the same key. */
export function checkKey(key: Key): Key {
  if (typeof key === 'string') {
    if (key.isWellFormed()) return key
    throw new TypeError(`A key must be valid Unicode, got ${JSON.stringify(key)}`)
  }
  if (key instanceof Uint8Array) return key
  throw new TypeError(`A key must be a string or bytes (Uint8Array), got ${typeof key}`)
}
