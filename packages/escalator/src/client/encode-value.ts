import { encode } from '@onitu/protocol'

/** What is stored for a value. @throws TypeError when `raw` and not bytes. */
export function encodeValue(value: unknown, raw: boolean | undefined): Uint8Array {
  if (raw !== true) return encode(value)
  if (value instanceof Uint8Array) return value
  throw new TypeError(`With { raw: true } a value must be bytes (Uint8Array), got ${typeof value}`)
}

/** Refuses what would not come back as the same key. */
export function checkKey(key: string): string {
  if (typeof key !== 'string') throw new TypeError(`A key must be a string, got ${typeof key}`)
  if (!key.isWellFormed()) throw new TypeError(`A key must be valid Unicode, got ${JSON.stringify(key)}`)
  return key
}
