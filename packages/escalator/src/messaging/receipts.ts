import type { RequestItem } from './envelope.ts'

/*
 * A socket of ZeroMQ does not tell how much of what was sent has arrived, so the requester reports it: a request with
 * the number RECEIPT has no answer, and its body is how many bytes came in since the last report (all frames counted),
 * or null on a new connection under an old name. A responder keeps WINDOW bytes on their way to one peer; what goes
 * beyond it waits in the responder, where it can be bounded and dropped.
 */
export const RECEIPT = 0
const RECEIPT_STEP = 1024 * 1024
export const WINDOW = 16 * 1024 * 1024

/** Counts what comes in on one connection. */
export class Receipts {
  #bytes = 0

  /** Gives the receipt to send, when it is time for one. */
  count(frames: readonly Uint8Array[]): RequestItem | undefined {
    this.#bytes += byteLength(frames)
    if (this.#bytes < RECEIPT_STEP) return undefined
    const receipt = { id: RECEIPT, body: this.#bytes }
    this.#bytes = 0
    return receipt
  }

  /** The receipt could not be sent. */
  takeBack({ body }: RequestItem): void {
    this.#bytes += Number(body)
  }

  reset(): void {
    this.#bytes = 0
  }
}

export function byteLength(frames: readonly Uint8Array[]): number {
  let bytes = 0
  for (const frame of frames) bytes += frame.byteLength
  return bytes
}

/** How many bytes a receipt frees. What is none of ours frees nothing. */
export function receivedBytes({ body }: RequestItem): number {
  if (body === null) return Number.POSITIVE_INFINITY
  return typeof body === 'number' && body > 0 ? body : 0
}
