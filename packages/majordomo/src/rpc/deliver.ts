import type { Answerer } from './answerer.ts'
import type { Caller } from './caller.ts'
import { decodeItems } from './items.ts'
import { fromParts } from './parts.ts'

/** A message for whoever calls on this connection. @throws OnituError `PROTOCOL` */
export function deliverToCaller(caller: Caller, frames: readonly Uint8Array[]): void {
  for (const item of decodeItems(fromParts(frames))) caller.receive(item)
  caller.received(byteLength(frames))
}

/** A message for whoever answers on this connection. @throws OnituError `PROTOCOL` */
export function deliverToAnswerer(answerer: Answerer, frames: readonly Uint8Array[]): void {
  const items = decodeItems(fromParts(frames))
  const share = byteLength(frames) / Math.max(1, items.length)
  for (const item of items) answerer.receive(item, share)
}

function byteLength(frames: readonly Uint8Array[]): number {
  let bytes = 0
  for (const frame of frames) bytes += frame.byteLength
  return bytes
}

/** What a message takes that has nothing in it. */
const EMPTY_MESSAGE = 1024

/** About how much memory a message takes that waits, in bytes: empty ones do so too. */
export function weightOf(frames: readonly Uint8Array[]): number {
  return EMPTY_MESSAGE + byteLength(frames)
}
