import { OnituError } from '@onitu/protocol'
import { Push } from 'zeromq'
import { afterMicrotasks } from './after-microtasks.ts'
import { watchConnections } from './connection-events.ts'
import { MAX_FRAME_SIZE } from './envelope.ts'
import { isNotWritable } from './socket-errors.ts'

export interface PusherOptions {
  readonly address: string
  /** Most things kept while the peer is gone or slow; beyond it the oldest messages are dropped. Default 1,000. */
  readonly capacity?: number
  /** Told how many things were dropped, as soon as the peer takes messages again, and on closing. */
  readonly onDrop?: (count: number) => void
}

/** Sends messages to one puller, in order. Never blocks: what cannot be sent waits, bounded. */
export interface Pusher {
  /** `count`: how many things this message holds, for `capacity` and `onDrop`. Default 1. */
  push(frames: readonly (string | Uint8Array)[], count?: number): void
  /** Sends what a connected peer takes, then closes. May be called twice. */
  close(): Promise<void>
}

interface Message {
  readonly frames: readonly (string | Uint8Array)[]
  readonly count: number
}

export function createPusher(options: PusherOptions): Pusher {
  return new BoundedPusher(options)
}

const DEFAULT_CAPACITY = 1_000
const RETRY_DELAY = 50
/** What was just pushed still reaches a peer that is connected. */
const CLOSING_LINGER = 500

class BoundedPusher implements Pusher {
  readonly address: string
  #socket: Push
  #capacity: number
  #onDrop: ((count: number) => void) | undefined
  #queue: Message[] = []
  #held = 0
  #dropped = 0
  #writing: Promise<void> | undefined
  #scheduled = false
  #retry: NodeJS.Timeout | undefined
  #closed = false

  constructor({ address, capacity = DEFAULT_CAPACITY, onDrop }: PusherOptions) {
    this.address = address
    this.#capacity = capacity
    this.#onDrop = onDrop
    // immediate: without a connection the socket takes nothing, so the one bounded queue is the one here.
    this.#socket = new Push({
      immediate: true,
      sendTimeout: 0,
      linger: CLOSING_LINGER,
      reconnectInterval: 20,
      reconnectMaxInterval: 500,
      maxMessageSize: MAX_FRAME_SIZE,
    })
    watchConnections(this.#socket, { connected: () => this.#flush() })
    this.#socket.connect(address)
  }

  push(frames: readonly (string | Uint8Array)[], count = 1): void {
    if (this.#closed) throw new OnituError('CLOSED', `The pusher to ${this.address} is closed`)
    this.#queue.push({ frames, count })
    this.#held += count
    while (this.#held > this.#capacity && this.#queue.length > 1) this.#dropped += this.#take()?.count ?? 0
    if (this.#scheduled) return
    this.#scheduled = true
    afterMicrotasks(() => this.#flush())
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#flush()
      this.#closed = true
      await this.#writing
      clearTimeout(this.#retry)
      this.#dropped += this.#held
      this.#queue = []
      this.#tellDropped()
      this.#socket.close()
    }
  }

  #take(): Message | undefined {
    const message = this.#queue.shift()
    this.#held -= message?.count ?? 0
    return message
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return
    const dropped = this.#dropped
    this.#dropped = 0
    this.#onDrop?.(dropped)
  }

  #flush(): void {
    this.#scheduled = false
    if (this.#writing !== undefined || this.#socket.closed || this.#queue.length === 0) return
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
    })
  }

  async #write(): Promise<void> {
    for (let message = this.#take(); message !== undefined; message = this.#take()) {
      try {
        await this.#socket.send([...message.frames])
        this.#tellDropped()
      } catch (error) {
        if (this.#socket.closed) return
        if (!isNotWritable(error)) throw error
        this.#queue.unshift(message)
        this.#held += message.count
        this.#retryLater()
        return
      }
    }
  }

  #retryLater(): void {
    clearTimeout(this.#retry)
    if (!this.#closed) this.#retry = setTimeout(() => this.#flush(), RETRY_DELAY)
  }
}
