import { connect } from 'node:net'
import { Connection, type ConnectionOptions } from './connection.ts'
import type { Endpoint } from './endpoint.ts'
import { notSent } from './not-sent.ts'

export interface DealerOptions extends Pick<ConnectionOptions, 'maxFrame' | 'heartbeat'> {
  readonly endpoint: Endpoint
  /** Empty: the other end makes one up. */
  readonly identity: Buffer
}

export interface DealerHandlers {
  readonly connected: () => void
  readonly disconnected: () => void
  /** The other end is not what was expected; it is not asked again until `reconnect`. */
  readonly failed: () => void
  readonly message: (frames: Buffer[]) => void
}

/** When to try again, in ms: soon, then less and less often. */
const RECONNECT = 20
const RECONNECT_MAX = 500

/** Keeps one connection to a ROUTER, made anew whenever it is lost. */
export class Dealer {
  #options: DealerOptions
  #handlers: DealerHandlers
  #connection: Connection | undefined
  #ready = false
  #delay = RECONNECT
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: DealerOptions, handlers: DealerHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.reconnect()
  }

  get writable(): boolean {
    return this.#ready
  }

  /** Rejected with the code `EAGAIN` while there is no connection; nothing is kept for the next one. */
  send(frames: readonly Uint8Array[]): Promise<void> {
    return this.#connection?.send(frames) === true ? Promise.resolve() : Promise.reject(notSent('EAGAIN'))
  }

  /** Now, without waiting. */
  reconnect(): void {
    clearTimeout(this.#timer)
    if (this.#closed || this.#connection !== undefined) return
    const { endpoint, identity, ...options } = this.#options
    this.#connection = new Connection(
      (onread) => connect({ ...endpoint, onread }),
      { ...options, ready: { socketType: 'DEALER', identity }, peerType: 'ROUTER' },
      {
        ready: () => this.#begin(),
        message: (frames) => this.#handlers.message(frames),
        closed: (problem) => this.#end(problem),
      },
    )
  }

  /** What was not sent is gone. May be called twice. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#connection?.destroy()
  }

  #begin(): void {
    this.#ready = true
    this.#delay = RECONNECT
    this.#handlers.connected()
  }

  #end(problem: string | undefined): void {
    const wasReady = this.#ready
    this.#connection = undefined
    this.#ready = false
    if (this.#closed) return
    if (problem === undefined) this.#timer = setTimeout(() => this.reconnect(), this.#nextDelay())
    else this.#handlers.failed()
    if (wasReady) this.#handlers.disconnected()
  }

  #nextDelay(): number {
    const delay = this.#delay
    this.#delay = Math.min(RECONNECT_MAX, delay * 2)
    return delay
  }
}
