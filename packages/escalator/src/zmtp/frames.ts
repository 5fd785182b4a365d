import { takeBody } from './bodies.ts'

/*
 * A frame of ZMTP 3: a byte of flags, the size of the body in one byte, or in eight (big-endian) when LONG is set, and
 * the body. MORE: another frame of the same message follows. COMMAND: it is for the other end itself.
 */
export const MORE = 1
const LONG = 2
export const COMMAND = 4
const SHORT_SIZE = 255
const SHORT_HEADER = 2
const LONG_HEADER = 9

/** Below this frames are copied into one piece, which is cheaper than to hand the system many. */
const COPIED = 16 * 1024

/** A frame of which the end has not come. */
interface PartialFrame {
  readonly flags: number
  readonly body: Buffer
  filled: number
}

export type FrameProblem = 'FLAGS' | 'SIZE'

/** What came is no frame, or a larger one than is allowed. */
export class FrameError extends Error {
  readonly problem: FrameProblem

  constructor(problem: FrameProblem) {
    super(problem === 'SIZE' ? 'A frame is too large' : 'A frame has unknown flags')
    this.problem = problem
  }
}

/** The pieces to write for one message. */
export function packMessage(frames: readonly Uint8Array[]): Uint8Array[] {
  return packFrames(frames, MORE)
}

/** The pieces to write for frames of which the flags are `common`, but for the last, which has none. */
export function packFrames(frames: readonly Uint8Array[], common = 0): Uint8Array[] {
  const last = frames.length - 1
  let size = 0
  for (const { byteLength } of frames) size += byteLength + headerSize(byteLength)
  if (size > COPIED)
    return frames.flatMap((frame, index) => [header(index < last ? common : 0, frame.byteLength), frame])
  const packed = Buffer.allocUnsafe(size)
  let at = 0
  for (const [index, frame] of frames.entries()) {
    at = writeHeader(packed, at, index < last ? common : 0, frame.byteLength)
    packed.set(frame, at)
    at += frame.byteLength
  }
  return [packed]
}

export function packCommandFrame(body: Uint8Array): Buffer {
  return Buffer.concat([header(COMMAND, body.byteLength), body])
}

/** Takes what comes in as it comes, and tells of each frame once it is whole. */
export class FrameReader {
  #emit: (flags: number, body: Buffer) => void
  #maxFrame: number
  /** The beginning of a header. */
  #rest: Buffer = Buffer.alloc(0)
  #partial: PartialFrame | undefined

  /** Bytes of a body. May be changed between two frames. */
  set maxFrame(bytes: number) {
    this.#maxFrame = bytes
  }

  constructor(maxFrame: number, emit: (flags: number, body: Buffer) => void) {
    this.#maxFrame = maxFrame
    this.#emit = emit
  }

  /** Where the next bytes go if they are read there: the rest of a frame that has begun. */
  get space(): Buffer | undefined {
    return this.#partial?.body.subarray(this.#partial.filled)
  }

  /** So many bytes were read into the space. */
  filled(bytes: number): void {
    if (this.#partial === undefined) return
    this.#partial.filled += bytes
    this.#endIfWhole(this.#partial)
  }

  /** Bodies are views of `chunk` where they can be. @throws FrameError */
  push(chunk: Buffer): void {
    let at = this.#partial === undefined ? 0 : this.#fill(chunk)
    if (this.#partial !== undefined) return
    const bytes = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const flags = bytes[at]
      const bodyAt = at + (flags !== undefined && (flags & LONG) !== 0 ? LONG_HEADER : SHORT_HEADER)
      if (flags === undefined || bodyAt > bytes.byteLength) break
      const size = this.#sizeOf(bytes, at, flags)
      const end = bodyAt + size
      if (end > bytes.byteLength) {
        this.#begin(flags, size, bytes.subarray(bodyAt))
        at = bytes.byteLength
        break
      }
      this.#emit(flags, bytes.subarray(bodyAt, end))
      at = end
    }
    this.#rest = bytes.subarray(at)
  }

  #sizeOf(bytes: Buffer, at: number, flags: number): number {
    if ((flags & ~(MORE | LONG | COMMAND)) !== 0 || (flags & (MORE | COMMAND)) === (MORE | COMMAND))
      throw new FrameError('FLAGS')
    if ((flags & LONG) === 0) return bytes[at + 1] ?? 0
    const high = bytes.readUInt32BE(at + 1)
    const low = bytes.readUInt32BE(at + 5)
    if (high !== 0 || low > this.#maxFrame) throw new FrameError('SIZE')
    return low
  }

  #begin(flags: number, size: number, beginning: Buffer): void {
    const body = takeBody(size)
    body.set(beginning)
    this.#partial = { flags, body, filled: beginning.byteLength }
  }

  /** Gives how much of the chunk belongs to the frame that had begun. */
  #fill(chunk: Buffer): number {
    const partial = this.#partial
    if (partial === undefined) return 0
    const taken = Math.min(chunk.byteLength, partial.body.byteLength - partial.filled)
    partial.body.set(taken === chunk.byteLength ? chunk : chunk.subarray(0, taken), partial.filled)
    partial.filled += taken
    this.#endIfWhole(partial)
    return taken
  }

  #endIfWhole(partial: PartialFrame): void {
    if (partial.filled < partial.body.byteLength) return
    this.#partial = undefined
    this.#emit(partial.flags, partial.body)
  }
}

function headerSize(size: number): number {
  return size > SHORT_SIZE ? LONG_HEADER : SHORT_HEADER
}

function header(flags: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(headerSize(size))
  writeHeader(bytes, 0, flags, size)
  return bytes
}

/** Gives where the body goes. */
function writeHeader(target: Buffer, at: number, flags: number, size: number): number {
  if (size <= SHORT_SIZE) {
    target[at] = flags
    target[at + 1] = size
    return at + SHORT_HEADER
  }
  target[at] = flags | LONG
  target.writeUInt32BE(0, at + 1)
  target.writeUInt32BE(size, at + 5)
  return at + LONG_HEADER
}
