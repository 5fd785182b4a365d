import { decode, encode, OnituError } from '@onitu/protocol'
import { checkDepth } from '../wire/check-depth.ts'

/*
 * What a client and the process of its service say to each other, through Majordomo, which does not look into it. A message
 * is one frame of msgpack (a format number, then five fields for each item) and the large contents of its items, a frame each.
 */
const FORMAT = 1
const FIELDS = 5

/** Contents up to this size go into the frame of the items: a frame of its own costs more than a copy. */
const INLINE = 32 * 1024
/** Of one message. */
export const MAX_ITEMS = 10_000

export type Item =
  | {
      readonly type: 'call'
      readonly id: number
      readonly method: string
      readonly args: unknown
      readonly content?: Uint8Array
    }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown; readonly content?: Uint8Array }
  /** `error`: a WireError. */
  | { readonly type: 'failure'; readonly id: number; readonly error: unknown }
  | { readonly type: 'cancel'; readonly id: number }
  /** The call goes on, though it takes long. */
  | { readonly type: 'atWork'; readonly id: number }
  /** So many bytes of answers have come in since the last receipt. */
  | { readonly type: 'receipt'; readonly bytes: number }

const TYPES = ['call', 'result', 'failure', 'cancel', 'receipt', 'atWork'] as const

export function encodeItems(items: readonly Item[]): Uint8Array[] {
  const flat: unknown[] = [FORMAT]
  const contents: Uint8Array[] = []
  for (const item of items) {
    const { content } = item as { readonly content?: Uint8Array }
    const isApart = content !== undefined && content.byteLength > INLINE
    if (isApart) contents.push(content)
    flat.push(TYPES.indexOf(item.type), ...fieldsOf(item), isApart ? true : (content ?? null))
  }
  return [encode(flat), ...contents]
}

function fieldsOf(item: Item): [id: number, first: unknown, second: unknown] {
  switch (item.type) {
    case 'call':
      return [item.id, item.method, item.args]
    case 'result':
      return [item.id, item.result, null]
    case 'failure':
      return [item.id, item.error, null]
    case 'cancel':
    case 'atWork':
      return [item.id, null, null]
    case 'receipt':
      return [item.bytes, null, null]
  }
}

/** Contents are views of the frames. @throws OnituError `PROTOCOL`: whoever sent this is not to be talked with */
export function decodeItems([header, ...contents]: readonly Uint8Array[]): Item[] {
  if (header === undefined) throw protocolError('a message without frames')
  const flat = decode(header)
  if (!Array.isArray(flat) || flat[0] !== FORMAT) throw protocolError('a message of another format')
  const count = (flat.length - 1) / FIELDS
  if (!Number.isInteger(count) || count > MAX_ITEMS) throw protocolError(`${flat.length - 1} fields`)
  checkDepth(flat)
  const items: Item[] = []
  for (let at = 1; at < flat.length; at += FIELDS) items.push(itemOf(flat.slice(at, at + FIELDS), contents))
  if (contents.length > 0) throw protocolError('more frames than contents')
  return items
}

function itemOf([type, id, first, second, written]: readonly unknown[], contents: Uint8Array[]): Item {
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) throw protocolError('an id that is none')
  const content = contentOf(written, contents)
  const carried = content === undefined ? {} : { content }
  switch (TYPES[Number(type)]) {
    case 'call':
      if (typeof first !== 'string') throw protocolError('a call without a method')
      return { type: 'call', id, method: first, args: second, ...carried }
    case 'result':
      return { type: 'result', id, result: first, ...carried }
    case 'failure':
      return { type: 'failure', id, error: first }
    case 'cancel':
      return { type: 'cancel', id }
    case 'atWork':
      return { type: 'atWork', id }
    case 'receipt':
      return { type: 'receipt', bytes: id }
    default:
      throw protocolError('an item of an unknown type')
  }
}

function contentOf(written: unknown, contents: Uint8Array[]): Uint8Array | undefined {
  if (written === null) return undefined
  if (written instanceof Uint8Array) return written
  const content = written === true ? contents.shift() : undefined
  if (content === undefined) throw protocolError('a content that is not there')
  return content
}

function protocolError(got: string): OnituError {
  return new OnituError('PROTOCOL', `Expected a message of format ${FORMAT} between client and hub, got ${got}`)
}
