import {
  type Authenticator,
  bindPatiently,
  readMessages,
  transportOptions,
  watchConnections,
} from '@onitu/escalator/messaging'
import { systemCode } from '@onitu/protocol'
import { Router } from 'zeromq'
import { MAX_FRAME } from '../rpc/parts.ts'

export interface FrontOptions {
  readonly address: string
  /** None: for a socket that only processes of this session can reach. */
  readonly authenticator?: Authenticator
  /** Connections at once, of whomever: with more nobody is let in until some are gone. Default: any number. */
  readonly mostConnections?: number
  /** `peer`: the routing id, as latin1. */
  readonly receive: (peer: string, frames: readonly Buffer[]) => void
  /** It is gone, or does not read what it is sent. */
  readonly undeliverable: (peer: string) => void
  /** Some connections were lost. ZeroMQ does not say whose: a message to each finds out. Called a few times, for it may take a moment. */
  readonly lost?: () => void
  /** A connection did not come about, for another reason than its key. */
  readonly broken?: () => void
}

/** ms from the first loss to the looks for who it was. Strangers that come and go by the thousand are no more work than one. */
const LOST_DELAYS = { soon: 20, late: 500 }

/** ms: a predecessor that was killed may hold the address for a moment. */
const BIND_PATIENCE = 10_000
/** ms until it is tried again to open a port that is not free yet. */
const BIND_AGAIN = 100
/** Messages kept for a client that does not read. */
const QUEUE = 10_000
/** Messages of one peer that wait to be read. More stay in its network. */
const UNREAD = 100
/** ms until both sides must have agreed on keys: for so long a stranger can have this process hold a frame. */
const HANDSHAKE_PATIENCE = 10_000

/** A socket to which many connect. */
export class Front {
  readonly #socket: Router
  readonly #options: FrontOptions
  #reading: Promise<void> = Promise.resolve()
  #connections = 0
  #isListening = true
  #isLooking = false
  #hasLost = false
  address = ''

  constructor(options: FrontOptions) {
    const { address, authenticator } = options
    this.#options = options
    this.#socket = new Router({
      mandatory: true,
      // Nobody takes over the name, and so the messages, of somebody else.
      handover: false,
      sendTimeout: 0,
      // What waits for a process of this session is bounded by what clients may have waiting.
      sendHighWaterMark: authenticator === undefined ? 0 : QUEUE,
      receiveHighWaterMark: UNREAD,
      handshakeInterval: HANDSHAKE_PATIENCE,
      linger: 500,
      maxMessageSize: MAX_FRAME,
      ...transportOptions(address),
      ...authenticator?.socketOptions,
    })
  }

  /** @throws OnituError `BIND_FAILED` */
  async bind(): Promise<void> {
    const { address, receive, broken } = this.#options
    watchConnections(this.#socket, {
      accepted: () => this.#count(1),
      disconnected: () => {
        this.#count(-1)
        this.#look()
      },
      failed: (failure) => {
        if (failure !== 'denied') broken?.()
      },
    })
    await bindPatiently(address, BIND_PATIENCE, () => this.#socket.bind(address))
    this.address = this.#socket.lastEndpoint ?? address
    this.#reading = readMessages(this.#socket, ([peer, ...frames]) => {
      if (peer !== undefined) receive(peer.toString('latin1'), frames)
    })
  }

  /** With sendTimeout 0 it is done, or has failed, when this returns. */
  send(peer: string, frames: readonly (Uint8Array | string)[]): void {
    if (this.#socket.closed) return
    this.#socket.send([Buffer.from(peer, 'latin1'), ...frames]).catch((error: unknown) => {
      const code = systemCode(error)
      if (code === 'EHOSTUNREACH' || code === 'EAGAIN') this.#options.undeliverable(peer)
      else if (!this.#socket.closed) throw error
    })
  }

  async close(): Promise<void> {
    this.#socket.close()
    await this.#reading
  }

  #count(change: 1 | -1): void {
    this.#connections += change
    this.#listen()
  }

  /**
   * Closes the port while there are as many connections as may be: each of them can have this process hold a frame, and ZeroMQ can neither
   * refuse nor cut a single one.
   */
  #listen(): void {
    const wants = this.#connections < (this.#options.mostConnections ?? Number.POSITIVE_INFINITY)
    if (wants === this.#isListening || this.address === '' || this.#socket.closed) return
    try {
      if (wants) this.#socket.bindSync(this.address)
      else this.#socket.unbindSync(this.address)
      this.#isListening = wants
    } catch (error) {
      // ZeroMQ closes a port a moment after it was told to.
      if (systemCode(error) !== 'EADDRINUSE') throw error
      setTimeout(() => this.#listen(), BIND_AGAIN).unref()
    }
  }

  /** Calls `lost` soon and a little later; again when more were lost meanwhile. */
  #look(): void {
    this.#hasLost = true
    if (this.#isLooking) return
    this.#isLooking = true
    this.#hasLost = false
    const { lost } = this.#options
    setTimeout(() => lost?.(), LOST_DELAYS.soon).unref()
    setTimeout(() => {
      lost?.()
      this.#isLooking = false
      if (this.#hasLost) this.#look()
    }, LOST_DELAYS.late).unref()
  }
}
