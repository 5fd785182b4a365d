import {
  type Authenticator,
  bindPatiently,
  readMessages,
  transportOptions,
  watchConnections,
} from '@onitu/escalator/messaging'
import { systemCode } from '@onitu/protocol'
import { Router } from 'zeromq'

export interface FrontOptions {
  readonly address: string
  /** None: for a socket that only processes of this session can reach. */
  readonly authenticator?: Authenticator
  /** `peer`: the routing id, as latin1. */
  readonly receive: (peer: string, frames: readonly Buffer[]) => void
  /** It is gone, or does not read what it is sent. */
  readonly undeliverable: (peer: string) => void
  /** Some connection was lost. ZeroMQ does not say whose: a message to each finds out. Called a few times, for it may take a moment. */
  readonly lost?: () => void
}

/** ms */
const LOST_DELAYS = [20, 500]

/** ms: a predecessor that was killed may hold the address for a moment. */
const BIND_PATIENCE = 10_000
/** Bytes of a frame: the largest chunk of a driver, and some. */
const MAX_FRAME = 34 * 1024 * 1024
/** Messages kept for a peer that does not read. */
const QUEUE = 10_000

/** A socket to which many connect. */
export class Front {
  readonly #socket: Router
  readonly #options: FrontOptions
  #reading: Promise<void> = Promise.resolve()
  address = ''

  constructor(options: FrontOptions) {
    const { address, authenticator } = options
    this.#options = options
    this.#socket = new Router({
      mandatory: true,
      // Nobody takes over the name, and so the messages, of somebody else.
      handover: false,
      sendTimeout: 0,
      sendHighWaterMark: QUEUE,
      linger: 500,
      maxMessageSize: MAX_FRAME,
      ...transportOptions(address),
      ...authenticator?.socketOptions,
    })
  }

  /** @throws OnituError `BIND_FAILED` */
  async bind(): Promise<void> {
    const { address, receive, lost } = this.#options
    watchConnections(this.#socket, {
      disconnected() {
        for (const delay of LOST_DELAYS) setTimeout(() => lost?.(), delay).unref()
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
}
