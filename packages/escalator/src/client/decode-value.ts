import { decode } from '@onitu/protocol'

/** Raw values are copied: the bytes at hand are part of a whole message, which they would keep in memory. */
export function decodeValue(stored: Uint8Array, raw: boolean | undefined): unknown {
  return raw === true ? copyBytes(stored) : decode(stored)
}

/** A buffer of its own for each small value would cost several times the copy, so they share one, as Buffers do. */
const POOL_SIZE = 8 * 1024
const SMALL = 1024

let pool = new Uint8Array(POOL_SIZE)
let used = 0

export function copyBytes(bytes: Uint8Array): Uint8Array {
  const { byteLength } = bytes
  if (byteLength > SMALL) return new Uint8Array(bytes)
  if (used + byteLength > POOL_SIZE) {
    pool = new Uint8Array(POOL_SIZE)
    used = 0
  }
  const copy = new Uint8Array(pool.buffer, used, byteLength)
  copy.set(bytes)
  used += byteLength
  return copy
}
