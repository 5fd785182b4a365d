/** Bytes of a body from which it is worth using the memory again. */
const LARGE = 256 * 1024
/** Bytes that are kept for the next ones. */
const KEPT = 8 * 1024 * 1024

const free: Buffer[] = []
let kept = 0
/** Those that were given out and may come back, once: themselves or a part that stands for them. No map from one to the other, which would keep both until a full collection. */
const taken = new WeakSet<Uint8Array>()
/** Those of them that come back by themselves. */
const passing = new WeakSet<Uint8Array>()

/**
 * Memory for the body of a frame. Large ones are used again when whoever got them gives them back: new ones for each chunk of a large content are garbage
 * that the collector stops the process for, every few megabytes.
 */
export function takeBody(size: number): Buffer {
  if (size < LARGE) return Buffer.allocUnsafeSlow(size)
  const at = free.findIndex(({ byteLength }) => byteLength === size)
  const [found] = at === -1 ? [] : free.splice(at, 1)
  if (found !== undefined) kept -= size
  const body = found ?? Buffer.allocUnsafeSlow(size)
  taken.add(body)
  return body
}

/** A frame that came from a socket is not needed any more, by anybody. What is none, or came back before, is left alone. */
export function giveBack(frame: Uint8Array): void {
  if (!taken.delete(frame)) return
  // A body has its memory to itself.
  const body = Buffer.from(frame.buffer)
  while (kept + body.byteLength > KEPT) {
    const oldest = free.shift()
    if (oldest === undefined) return
    kept -= oldest.byteLength
  }
  kept += body.byteLength
  free.push(body)
}

/** A part of a body is what others get to see of it: it stands for the whole, which nobody else holds. */
export function lend(body: Buffer, part: Uint8Array): void {
  if (taken.delete(body)) taken.add(part)
}

/** A frame that came from a socket is needed for nothing but the message that it is about to be sent in, to one receiver. */
export function giveBackWhenSent(frame: Uint8Array): void {
  if (taken.has(frame)) passing.add(frame)
}

/** Undefined where there is nothing to be done once the frame has left. */
export function afterSending(frame: Uint8Array): (() => void) | undefined {
  return passing.delete(frame) ? () => giveBack(frame) : undefined
}
