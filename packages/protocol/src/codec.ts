import { Packr } from 'msgpackr/pack'
import { OnituError } from './errors.ts'
import { msgpackProblem } from './msgpack-structure.ts'

// Records (msgpackr's own extension) would tie readers to its decoder: plain msgpack can be read by any language.
const packr = new Packr({ useRecords: false, moreTypes: false, variableMapSize: true, int64AsType: 'number' })

/** Plain msgpack. Shapes allowed: null, booleans, numbers, strings, Uint8Array, arrays, plain objects. */
export function encode(value: unknown): Uint8Array {
  return packr.pack(value)
}

/** Bytes in the value are views of `bytes`. @throws OnituError `PROTOCOL` when the bytes are not one plain msgpack value. */
export function decode(bytes: Uint8Array): unknown {
  const problem = msgpackProblem(bytes)
  if (problem !== undefined) throw notMsgpack(bytes, problem)
  try {
    return packr.unpack(bytes)
  } catch (cause) {
    throw notMsgpack(bytes, String(cause), cause)
  }
}

function notMsgpack(bytes: Uint8Array, problem: string, cause?: unknown): OnituError {
  return new OnituError(
    'PROTOCOL',
    `Expected one plain msgpack value, got ${bytes.byteLength} bytes that are not: ${problem}`,
    {
      cause,
    },
  )
}
