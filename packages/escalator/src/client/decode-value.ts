import { decode } from '@onitu/protocol'

/** Raw values are copied: the bytes at hand are part of a whole message, which they would keep in memory. */
export function decodeValue(stored: Uint8Array, raw: boolean | undefined): unknown {
  return raw === true ? new Uint8Array(stored) : decode(stored)
}
