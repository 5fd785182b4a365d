import { type RequestItem, weigh } from './envelope.ts'
import { byteLength, WINDOW } from './receipts.ts'

/** A request that has not begun. */
export interface Waiting<C> {
  readonly item: RequestItem
  readonly context: C
}

export interface PeerOptions<C> {
  /** Most requests begun and not answered. */
  readonly limit: number
  readonly begin: (waiting: Waiting<C>) => void
  /** Puts one message on the socket. */
  readonly send: (frames: readonly Uint8Array[]) => void
}

/** Kept for a peer that reports nothing as received, in bytes, and how long (ms); after the second time even less is dropped. */
const STALLED_BYTES = 64 * 1024 * 1024
const STALLED_SOON = 5_000
const STALLED_LATE = 30_000

/**
 * One connection of a responder: how much it is sent, and how many of its requests are worked on. While more is on its
 * way than it reads, its answers wait here and no further request of it begins; that harms only itself.
 */
export class Peer<C> {
  #options: PeerOptions<C>
  #active = 0
  #waiting: Waiting<C>[] = []
  #waitingBytes = 0
  #held: (readonly Uint8Array[])[] = []
  #heldBytes = 0
  #onTheWay = 0
  /** Since when the window is full and nothing was reported. */
  #blockedSince: number | undefined
  #dropped = false
  #beginning = false

  constructor(options: PeerOptions<C>) {
    this.#options = options
  }

  /** It did not read, and what waited for it is gone. Until it reports something, nothing is done for it. */
  get dropped(): boolean {
    return this.#dropped
  }

  request(waiting: Waiting<C>): void {
    if (this.#waiting.length === 0 && this.#mayBegin()) {
      this.#begin(waiting)
    } else {
      this.#waiting.push(waiting)
      this.#waitingBytes += weigh(waiting.item.body)
    }
  }

  /** One of its requests no longer counts. */
  release(): void {
    // An earlier connection of the same name may have left some.
    this.#active = Math.max(0, this.#active - 1)
    this.#beginMore()
  }

  answer(frames: readonly Uint8Array[]): void {
    if (this.#dropped) return
    if (this.#held.length === 0 && this.#onTheWay < WINDOW) {
      this.#send(frames)
    } else {
      this.#held.push(frames)
      this.#heldBytes += byteLength(frames)
    }
  }

  received(bytes: number): void {
    this.#dropped = false
    this.#onTheWay = Math.max(0, this.#onTheWay - bytes)
    this.#blockedSince = this.#onTheWay < WINDOW ? undefined : performance.now()
    while (this.#onTheWay < WINDOW) {
      const frames = this.#held.shift()
      if (frames === undefined) break
      this.#heldBytes -= byteLength(frames)
      this.#send(frames)
    }
    this.#beginMore()
  }

  /** Whether it has not read for too long, while there was something to read. */
  stalled(now: number): boolean {
    if (this.#dropped || this.#blockedSince === undefined) return false
    const silence = now - this.#blockedSince
    if (this.#heldBytes + this.#waitingBytes > STALLED_BYTES) return silence > STALLED_SOON
    return silence > STALLED_LATE
  }

  drop(): void {
    this.#dropped = true
    this.#held = []
    this.#heldBytes = 0
    this.#waiting = []
    this.#waitingBytes = 0
  }

  #mayBegin(): boolean {
    return this.#active < this.#options.limit && this.#onTheWay < WINDOW
  }

  #begin(waiting: Waiting<C>): void {
    this.#active++
    this.#options.begin(waiting)
  }

  #beginMore(): void {
    // One that is answered at once comes back here.
    if (this.#beginning) return
    this.#beginning = true
    while (this.#waiting.length > 0 && this.#mayBegin()) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#waitingBytes -= weigh(next.item.body)
      this.#begin(next)
    }
    this.#beginning = false
  }

  #send(frames: readonly Uint8Array[]): void {
    this.#onTheWay += byteLength(frames)
    if (this.#onTheWay >= WINDOW) this.#blockedSince ??= performance.now()
    this.#options.send(frames)
  }
}
