import { decode, encode, OnituError } from '@onitu/protocol'

/**
 * Bytes of a part. Somebody who has proved nothing can have the other side hold a frame, so frames are small; a chunk of the usual size fits into one,
 * for what comes in several has to be put together again.
 */
const PART = 1024 * 1024
/** Bytes of a frame: a part with what the transport adds to it, or the first words of a client (see link-messages.ts). */
export const MAX_FRAME = PART + 4096
/** Frames of a message as it is sent: what both sides say fits into far fewer, and the sockets inside the hub take no more. */
export const MAX_SENT_FRAMES = 1_000
/** Frames of a message before it was cut. */
const MAX_FRAMES = 20_000

/** Frames as they are sent: large ones in parts, behind an empty frame and one with the sizes of all. */
export function toParts(frames: readonly Uint8Array[]): readonly Uint8Array[] {
  if (frames.every(({ byteLength }) => byteLength <= PART)) return frames
  const parts: Uint8Array[] = [new Uint8Array(), encode(frames.map(({ byteLength }) => byteLength))]
  for (const frame of frames) {
    for (let at = 0; at < frame.byteLength; at += PART) parts.push(frame.subarray(at, at + PART))
  }
  return parts
}

/** Frames as they were before. @throws OnituError `PROTOCOL` */
export function fromParts(received: readonly Uint8Array[]): readonly Uint8Array[] {
  const [first, header, ...parts] = received
  if (first === undefined || first.byteLength > 0) return received
  const sizes: unknown = header === undefined ? undefined : decode(header)
  if (!Array.isArray(sizes) || sizes.length > MAX_FRAMES) throw protocolError('parts without sizes')
  const frames = sizes.map((size: unknown) => nextFrame(size, parts))
  if (parts.length > 0) throw protocolError('more parts than were announced')
  return frames
}

/** Takes the parts of the next frame away. */
function nextFrame(size: unknown, parts: Uint8Array[]): Uint8Array {
  if (typeof size !== 'number') throw protocolError('a size that is none')
  const own: Uint8Array[] = []
  let length = 0
  while (length < size) {
    const part = parts.shift()
    if (part === undefined) throw protocolError('a part that is missing')
    own.push(part)
    length += part.byteLength
  }
  if (length !== size) throw protocolError('parts of another size')
  const [only] = own
  return own.length === 1 && only !== undefined ? only : Buffer.concat(own, length)
}

function protocolError(got: string): OnituError {
  return new OnituError('PROTOCOL', `Expected a message in parts between client and hub, got ${got}`)
}
