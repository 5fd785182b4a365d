import { decode, encode, fromWireError, OnituError, type WireError } from '@onitu/protocol'

/*
 * What passes between Majordomo and the process of a remote service, inside the hub: a letter, then frames. Those about one
 * client begin with the id of its session.
 */
export const HUB_LETTER = {
  /** Service: I am here (name). */
  register: 'S',
  /** Both: I am still here. */
  beat: 'B',
  /** Service: I am closing. */
  leave: 'X',
  /** Majordomo: a client has come (session). */
  opened: 'O',
  /** Both: it is over (session, why). */
  ended: 'E',
  /** Both (session, lane, frames of a message). */
  data: 'D',
  /** Service: data of so much weight was dealt with (session, bytes). */
  taken: 'A',
} as const

/** ms between beats inside the hub, and how long silence is borne: a process that ends is noticed by its connection, at once. */
export const HUB_HEARTBEAT = 2_000
export const HUB_SILENCE = 30_000

/** On which of its two connections a message of a client passes: calls of the client, or calls of its handlers. */
export type Lane = 'r' | 'h'
export const LANE: Readonly<Record<'requests' | 'handlers', Lane>> = { requests: 'r', handlers: 'h' }

/** Letters and lanes as bytes. */
export function hubFrames(frames: readonly (string | Uint8Array)[]): Uint8Array[] {
  return frames.map((frame) => (typeof frame === 'string' ? Buffer.from(frame) : frame))
}

export function laneOf(frame: Uint8Array | undefined): Lane | undefined {
  const text = frame === undefined ? '' : Buffer.from(frame).toString('latin1')
  return text === LANE.requests || text === LANE.handlers ? text : undefined
}

export function encodeError({ code, message, retryable }: Omit<WireError, 'details'>): Uint8Array {
  return encode({ code, message, retryable })
}

export function decodeError(frame: Uint8Array | undefined): OnituError {
  if (frame === undefined) return new OnituError('PROTOCOL', 'The connection was ended without a reason')
  return fromWireError(decode(frame))
}
