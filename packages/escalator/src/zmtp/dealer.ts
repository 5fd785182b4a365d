import { connect } from 'node:net'
import type { Ready } from './commands.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import type { Endpoint } from './endpoint.ts'
import { type Failure, type HandshakeFailure, type Mechanism, nullMechanism } from './mechanism.ts'

export interface DealerOptions extends Pick<ConnectionOptions, 'maxFrame' | 'heartbeat'> {
  readonly endpoint: Endpoint
  /** Empty: the other end makes one up. */
  readonly identity: Buffer
  /** How each connection makes sure of the other end. Default: not at all. */
  readonly mechanism?: (own: Ready) => Mechanism
}

export interface DealerHandlers {
  readonly connected: () => void
  readonly disconnected: () => void
  /** The other end is not what was expected, or refuses: it is not asked again until `reconnect`. When it was `lost` it is. */
  readonly failed: (failure: HandshakeFailure) => void
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

  /** False while there is no connection; nothing is kept for the next one. */
  send(frames: readonly Uint8Array[]): boolean {
    return this.#connection?.send(frames) === true
  }

  /** Now, without waiting. */
  reconnect(): void {
    clearTimeout(this.#timer)
    if (this.#closed || this.#connection !== undefined) return
    const { endpoint, identity, mechanism = nullMechanism, ...options } = this.#options
    const connection: Connection = new Connection(
      (onread) => connect({ ...endpoint, onread }),
      { ...options, mechanism: mechanism({ socketType: 'DEALER', identity }), peerType: 'ROUTER' },
      {
        ready: () => this.#begin(),
        message: (frames) => this.#handlers.message(frames),
        closed: (failure) => this.#end(failure, connection.hasHeard),
      },
    )
    this.#connection = connection
  }

  /** What was sent still leaves, for up to `linger` ms. May be called twice. */
  close(linger = 0): void {
    this.#closed = true
    clearTimeout(this.#timer)
    if (linger > 0) this.#connection?.end(linger)
    else this.#connection?.destroy()
  }

  #begin(): void {
    this.#ready = true
    this.#delay = RECONNECT
    this.#handlers.connected()
  }

  #end(failure: Failure | undefined, hasHeard: boolean): void {
    const wasReady = this.#ready
    this.#connection = undefined
    this.#ready = false
    if (this.#closed) return
    if (failure === undefined) this.#timer = setTimeout(() => this.reconnect(), this.#nextDelay())
    if (failure !== undefined) this.#handlers.failed(failure.kind)
    else if (!wasReady && hasHeard) this.#handlers.failed('lost')
    if (wasReady) this.#handlers.disconnected()
  }

  #nextDelay(): number {
    const delay = this.#delay
    this.#delay = Math.min(RECONNECT_MAX, delay * 2)
    return delay
  }
}
