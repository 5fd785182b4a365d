import { type Authenticator, bindRouter, encodeKey, type Router } from '@onitu/escalator/messaging'
import { MAX_FRAME } from '../rpc/parts.ts'

export interface FrontOptions {
  readonly address: string
  /** None: for a socket that only processes of this session can reach. */
  readonly authenticator?: Authenticator
  /** Connections at once, of whomever. Default: any number. */
  readonly mostConnections?: number
  /** Bytes of one message, and bytes that may wait for one that does not read. Default: any number. */
  readonly memory?: number
  /** `publicKey`: Z85, what the peer has proved to own; empty without an authenticator. */
  readonly receive: (peer: string, frames: readonly Buffer[], publicKey: string) => void
  /** It has left, was cut off, or does not read what it is sent. */
  readonly gone: (peer: string) => void
  /** A connection did not come about, for another reason than its key. */
  readonly broken?: () => void
}

/** ms: a predecessor that was killed may hold the address for a moment. */
const BIND_PATIENCE = 10_000
const CLOSING_LINGER = 500
/** ms to go by itself for somebody who was told to. */
const LEAVING = 5_000
/** Connections of one key: the one that is used, and one that takes its place, or that is lost and was not missed yet. */
const MOST_OF_A_KEY = 2

/** A socket to which many connect. */
export class Front {
  readonly #options: FrontOptions
  #router: Router | undefined
  readonly #keys = new Map<string, string>()

  constructor(options: FrontOptions) {
    this.#options = options
  }

  /** Bound. */
  get address(): string {
    return this.#router?.address ?? ''
  }

  /** @throws OnituError `BIND_FAILED` */
  async bind(): Promise<void> {
    const { address, authenticator, mostConnections, memory, receive, broken } = this.#options
    this.#router = await bindRouter(
      {
        ...{ address, authenticator, patience: BIND_PATIENCE, maxFrame: MAX_FRAME },
        ...(mostConnections === undefined ? {} : { mostConnections }),
        ...(memory === undefined ? {} : { maxMessage: memory, maxUnsent: memory }),
      },
      {
        connected: (peer, publicKey) => this.#connected(peer, publicKey === undefined ? '' : encodeKey(publicKey)),
        disconnected: (peer) => {
          if (peer !== undefined) this.#disconnected(peer)
        },
        failed: (failure) => {
          if (failure !== 'denied') broken?.()
        },
        message: ([name, ...frames]) => {
          const peer = name?.toString('latin1') ?? ''
          receive(peer, frames, this.#keys.get(peer) ?? '')
        },
      },
    )
  }

  send(peer: string, frames: readonly Uint8Array[]): void {
    if (this.#router?.send(peer, frames) !== true) this.#options.gone(peer)
  }

  /** It was told that all is over: when it does not go by itself it is cut off. */
  dismiss(peer: string): void {
    setTimeout(() => this.#router?.disconnect(peer), LEAVING).unref()
  }

  dismissWhere(isToGo: (publicKey: string) => boolean): void {
    for (const [peer, publicKey] of this.#keys) if (isToGo(publicKey)) this.dismiss(peer)
  }

  async close(): Promise<void> {
    await this.#router?.close(CLOSING_LINGER)
  }

  #connected(peer: string, publicKey: string): void {
    if (this.#options.authenticator === undefined) return
    this.#keys.set(peer, publicKey)
    const [oldest, ...others] = [...this.#keys].flatMap(([other, key]) => (key === publicKey ? [other] : []))
    if (oldest !== undefined && others.length >= MOST_OF_A_KEY) this.#router?.disconnect(oldest)
  }

  /** Unless it has come back already, under the name that it gave itself. */
  #disconnected(peer: string): void {
    if (this.#router?.has(peer) === true) return
    this.#keys.delete(peer)
    this.#options.gone(peer)
  }
}
