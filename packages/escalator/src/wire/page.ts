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
  readonly bytes: Buffer
  /** Where the numbers are that say where each entry ends. */
  readonly endsAt: number
  /** Where the first entry begins, and how many bytes all of them have. */
  readonly at: number
  readonly byteLength: number
  ascii?: boolean
}

/** Entries are found and taken out only when they are asked for, and checked then. */
export class Page {
  readonly count: number
  #keys: Column | undefined
  #values: Column | undefined

  /** @throws OnituError `PROTOCOL` */
  constructor(packed: Uint8Array) {
    const bytes = asBuffer(packed)
    if (bytes.byteLength < PAGE_HEADER) throw malformed('it is cut short')
    const flags = bytes.readUInt32LE(0)
    const count = bytes.readUInt32LE(4)
    const hasKeys = (flags & HAS_KEYS) !== 0
    const hasValues = (flags & HAS_VALUES) !== 0
    const valueEndsAt = PAGE_HEADER + (hasKeys ? count * 4 : 0)
    const keysAt = valueEndsAt + (hasValues ? count * 4 : 0)
    if (keysAt > bytes.byteLength) throw malformed(`it claims ${count} entries`)
    const keysLength = hasKeys && count > 0 ? bytes.readUInt32LE(valueEndsAt - 4) : 0
    const valuesLength = hasValues && count > 0 ? bytes.readUInt32LE(keysAt - 4) : 0
    const valuesAt = keysAt + keysLength
    if (valuesAt + valuesLength !== bytes.byteLength) throw malformed('its lengths do not add up')
    this.count = count
    if (hasKeys) this.#keys = { bytes, endsAt: PAGE_HEADER, at: keysAt, byteLength: keysLength }
    if (hasValues) this.#values = { bytes, endsAt: valueEndsAt, at: valuesAt, byteLength: valuesLength }
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

function slice(column: Column | undefined, index: number): Buffer {
  const found = present(column)
  return found.bytes.subarray(found.at + beginning(found, index), found.at + ending(found, index))
}

function text(column: Column | undefined, index: number, skip: number): string {
  const found = present(column)
  const { bytes, at, byteLength } = found
  found.ascii ??= isAscii(bytes.subarray(at, at + byteLength))
  return bytes.toString(found.ascii ? 'latin1' : 'utf8', at + beginning(found, index) + skip, at + ending(found, index))
}

function beginning(column: Column, index: number): number {
  return index === 0 ? 0 : column.bytes.readUInt32LE(column.endsAt + index * 4 - 4)
}

function ending(column: Column, index: number): number {
  const end = column.bytes.readUInt32LE(column.endsAt + index * 4)
  if (end > column.byteLength || end < beginning(column, index)) throw malformed('its entries overlap')
  return end
}

function present(column: Column | undefined): Column {
  if (column !== undefined) return column
  throw malformed('it lacks what was asked for')
}

function malformed(problem: string): OnituError {
  return new OnituError('PROTOCOL', `Expected a page of a range from the server, got something else: ${problem}`)
}
