import { OnituError } from '@onitu/protocol'
import type { Key } from './key.ts'

/** Null: absent, or to be deleted. */
export type Stored = Uint8Array | null

/** Keys and what is, or is to be, stored under them, in turn. A key may come twice. */
export interface WriteList {
  readonly keys: readonly Key[]
  readonly values: readonly Stored[]
}

/*
 * A list of writes, or of conditions, is one run of bytes, so that a batch of thousands is one value of the message.
 * For each entry: the length of the key and that of the value as 32-bit little-endian numbers, the key, the value.
 * The length ABSENT stands for null.
 */
const ABSENT = 0xffff_ffff
const HEADER = 8
/** UTF-8 takes at most so many bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3
/** Up to here a loop writes an ASCII key faster than a call out of JavaScript does. */
const SHORT = 48

export function packWrites({ keys, values }: WriteList): Uint8Array {
  const packed = Buffer.allocUnsafe(roomFor(keys, values))
  let at = 0
  for (let index = 0; index < keys.length; index++) {
    const value = values[index] ?? null
    const end = writeKey(packed, keys[index] ?? '', at + HEADER)
    packed.writeUInt32LE(end - at - HEADER, at)
    packed.writeUInt32LE(value === null ? ABSENT : value.byteLength, at + 4)
    at = end
    if (value === null) continue
    packed.set(value, at)
    at += value.byteLength
  }
  return packed.subarray(0, at)
}

/** Keys and values are views of `packed`. @throws OnituError `PROTOCOL` */
export function unpackWrites(packed: Uint8Array): WriteList {
  const { buffer, byteOffset, byteLength } = packed
  const view = new DataView(buffer, byteOffset, byteLength)
  const keys: Uint8Array[] = []
  const values: Stored[] = []
  for (let at = 0; at < byteLength; ) {
    if (byteLength - at < HEADER) throw cutShort(at)
    const keyLength = view.getUint32(at, true)
    const valueLength = view.getUint32(at + 4, true)
    const valueAt = at + HEADER + keyLength
    const end = valueLength === ABSENT ? valueAt : valueAt + valueLength
    if (end > byteLength) throw cutShort(at)
    keys.push(new Uint8Array(buffer, byteOffset + at + HEADER, keyLength))
    values.push(valueLength === ABSENT ? null : new Uint8Array(buffer, byteOffset + valueAt, valueLength))
    at = end
  }
  return { keys, values }
}

function roomFor(keys: readonly Key[], values: readonly Stored[]): number {
  let room = keys.length * HEADER
  for (const key of keys) room += typeof key === 'string' ? key.length * BYTES_PER_UNIT : key.byteLength
  for (const value of values) room += value?.byteLength ?? 0
  return room
}

function writeKey(target: Buffer, key: Key, at: number): number {
  if (typeof key !== 'string') {
    target.set(key, at)
    return at + key.byteLength
  }
  if (key.length > SHORT) return at + target.write(key, at)
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index)
    if (unit > 0x7f) return at + target.write(key, at)
    target[at + index] = unit
  }
  return at + key.length
}

function cutShort(at: number): OnituError {
  return new OnituError('PROTOCOL', `Expected a list of keys and values, got one that is cut short at byte ${at}`)
}
