import { Packr } from 'msgpackr'
import { OnituError } from './errors.ts'

// Records (msgpackr's own extension) would tie readers to its decoder: plain msgpack can be read by any language.
const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: 'number' })

/** Plain msgpack. Shapes allowed: null, booleans, numbers, strings, Uint8Array, arrays, plain objects. */
export function encode(value: unknown): Uint8Array {
  return packr.pack(value)
}

/** @throws OnituError `PROTOCOL` when the bytes are not one msgpack value. */
export function decode(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes)
  } catch (cause) {
    throw new OnituError('PROTOCOL', `Expected one msgpack value, got ${bytes.byteLength} bytes that are not`, {
      cause,
    })
  }
}
