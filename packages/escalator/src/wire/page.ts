import { isAscii } from 'node:buffer'
import { OnituError } from '@onitu/protocol'
import { asBuffer } from './key.ts'

/*
 * A page of a range is one run of bytes, read in place. All numbers are 32-bit little-endian:
 * flags (1: it holds keys, 2: it holds values), the count of entries, where each key ends, where each value ends
 * (counted from the first key, or the first value), all keys, all values.
 */
export const HAS_KEYS = 1
export const HAS_VALUES = 2
export const PAGE_HEADER = 8

interface Column {
  readonly ends: Uint32Array
  readonly bytes: Buffer
  readonly ascii: boolean
}

/** Entries are taken out of the page only when they are asked for. */
export class Page {
  readonly count: number
  #keys: Column | undefined
  #values: Column | undefined

  /** @throws OnituError `PROTOCOL` */
  constructor(packed: Uint8Array) {
    const bytes = asBuffer(packed)
    if (bytes.byteLength < PAGE_HEADER) throw malformed('it is cut short')
    const flags = bytes.readUInt32LE(0)
    this.count = bytes.readUInt32LE(4)
    const keyEnds = (flags & HAS_KEYS) === 0 ? undefined : readEnds(bytes, PAGE_HEADER, this.count)
    const valueEndsAt = PAGE_HEADER + (keyEnds?.byteLength ?? 0)
    const valueEnds = (flags & HAS_VALUES) === 0 ? undefined : readEnds(bytes, valueEndsAt, this.count)
    const keysAt = valueEndsAt + (valueEnds?.byteLength ?? 0)
    const valuesAt = keysAt + (keyEnds?.at(-1) ?? 0)
    if (valuesAt + (valueEnds?.at(-1) ?? 0) !== bytes.byteLength) throw malformed('its lengths do not add up')
    this.#keys = keyEnds && toColumn(keyEnds, bytes.subarray(keysAt, valuesAt))
    this.#values = valueEnds && toColumn(valueEnds, bytes.subarray(valuesAt))
  }

  /** A view of the page. */
  key(index: number): Buffer {
    return slice(this.#keys, index)
  }

  /** The key as text, without the first `skip` bytes. */
  keyText(index: number, skip: number): string {
    return text(this.#keys, index, skip)
  }

  /** A view of the page. */
  value(index: number): Buffer {
    return slice(this.#values, index)
  }

  valueText(index: number): string {
    return text(this.#values, index, 0)
  }
}

function toColumn(ends: Uint32Array, bytes: Buffer): Column {
  return { ends, bytes, ascii: isAscii(bytes) }
}

function readEnds(bytes: Buffer, at: number, count: number): Uint32Array {
  if (count * 4 > bytes.byteLength - at) throw malformed(`it claims ${count} entries`)
  const ends = new Uint32Array(count)
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, count * 4)
  let last = 0
  for (let index = 0; index < count; index++) {
    const end = view.getUint32(index * 4, true)
    if (end < last) throw malformed('its entries overlap')
    ends[index] = end
    last = end
  }
  return ends
}

function slice(column: Column | undefined, index: number): Buffer {
  const { ends, bytes } = present(column)
  return bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index])
}

function text(column: Column | undefined, index: number, skip: number): string {
  const { ends, bytes, ascii } = present(column)
  const start = index === 0 ? 0 : (ends[index - 1] ?? 0)
  return bytes.toString(ascii ? 'latin1' : 'utf8', start + skip, ends[index])
}

function present(column: Column | undefined): Column {
  if (column !== undefined) return column
  throw malformed('it lacks what was asked for')
}

function malformed(problem: string): OnituError {
  return new OnituError('PROTOCOL', `Expected a page of a range from the server, got something else: ${problem}`)
}
