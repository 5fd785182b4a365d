import { OnituError } from '@onitu/protocol/base'
import { decode, encode } from '@onitu/protocol/codec'

/*
 * The frame that opens each message between a requester and a responder: msgpack of one flat array, a format number
 * and then the fields of each request or reply in turn. Binary frames may follow it; they belong to the last of them.
 */
const FORMAT = 1

/** The largest single frame, in bytes: what a socket accepts, and what both sides check before they send. */
export const MAX_FRAME_SIZE = 64 * 1024 * 1024

/** Small requests are put together up to about this weight: enough to spread the cost of a message thin. */
export const BATCH_WEIGHT = 512 * 1024

export interface RequestItem {
  readonly id: number
  readonly body: unknown
}

export interface ReplyItem {
  /** Null when the request's own id could not be made out. */
  readonly id: number | null
  readonly ok: boolean
  /** The answer, or a wire error. */
  readonly body: unknown
}

export function encodeRequests(items: readonly RequestItem[]): Uint8Array {
  const flat: unknown[] = [FORMAT]
  for (const { id, body } of items) flat.push(id, body)
  return encodeFrame(flat)
}

/** @throws OnituError `PROTOCOL` */
export function decodeRequests(frame: Uint8Array): RequestItem[] {
  const flat = decodeFlat(frame, 2)
  const items: RequestItem[] = []
  for (let at = 1; at < flat.length; at += 2) items.push({ id: checkId(flat[at]), body: flat[at + 1] })
  return items
}

export function encodeReplies(items: readonly ReplyItem[]): Uint8Array {
  const flat: unknown[] = [FORMAT]
  for (const { id, ok, body } of items) flat.push(id, ok, body)
  return encodeFrame(flat)
}

/** @throws OnituError `PROTOCOL` */
export function decodeReplies(frame: Uint8Array): ReplyItem[] {
  const flat = decodeFlat(frame, 3)
  const items: ReplyItem[] = []
  for (let at = 1; at < flat.length; at += 3) {
    const id = flat[at] === null ? null : checkId(flat[at])
    items.push({ id, ok: flat[at + 1] === true, body: flat[at + 2] })
  }
  return items
}

/** About how many bytes a body takes; exact for what is large (bytes, strings), rough for the rest. */
export function weigh(body: unknown): number {
  if (typeof body === 'string') return body.length
  if (body instanceof Uint8Array) return body.byteLength
  if (!Array.isArray(body)) return 32
  let weight = 8
  for (const item of body) weight += weigh(item)
  return weight
}

/** @throws OnituError `MESSAGE_TOO_LARGE` */
export function checkFrameSize({ byteLength }: Uint8Array): void {
  if (byteLength <= MAX_FRAME_SIZE) return
  throw new OnituError(
    'MESSAGE_TOO_LARGE',
    `The message has ${byteLength} bytes, at most ${MAX_FRAME_SIZE} are allowed; split it`,
  )
}

function encodeFrame(flat: readonly unknown[]): Uint8Array {
  const frame = encode(flat)
  checkFrameSize(frame)
  return frame
}

function decodeFlat(frame: Uint8Array, fields: number): unknown[] {
  const flat = decode(frame)
  if (!Array.isArray(flat) || flat[0] !== FORMAT) {
    throw new OnituError('PROTOCOL', `Expected a message of format ${FORMAT}, got something else`)
  }
  if (flat.length % fields !== 1 % fields) {
    throw new OnituError(
      'PROTOCOL',
      `Expected ${fields} fields for each part of a message, got ${flat.length - 1} in all`,
    )
  }
  return flat
}

function checkId(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new OnituError('PROTOCOL', `Expected an integer as the id of a request, got ${typeof value}`)
}
