import { encode, msgpackProblem } from '@onitu/protocol'

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
  const problem = msgpackProblem(bytes)
  if (problem === undefined) return bytes
  throw new TypeError(`A value must be plain data (no Date, Map, class…); as msgpack ${problem}`)
}

/** Refuses what would not come back as the same key. */
export function checkKey(key: string): string {
  if (typeof key !== 'string') throw new TypeError(`A key must be a string, got ${typeof key}`)
  if (!key.isWellFormed()) throw new TypeError(`A key must be valid Unicode, got ${JSON.stringify(key)}`)
  return key
}
