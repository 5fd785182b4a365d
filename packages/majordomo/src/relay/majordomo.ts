import { type Authenticator, createAuthenticator } from '@onitu/escalator/messaging'
import { OnituError } from '@onitu/protocol'
import type { MajordomoStatus } from '../control/index.ts'
import { type AuthorizedKey, findGoodKey } from '../keys/index.ts'
import type { RemoteRecord } from '../setup/remote-record.ts'
import { Clients, type Limits } from './clients.ts'
import { Front } from './front.ts'
import { RateLimit } from './rate-limit.ts'
import { Services } from './services.ts'

export interface MajordomoOptions {
  readonly runtime: string
  /** Where to listen: tcp addresses. */
  readonly requests: string
  readonly handlers: string
  /** Z85, of the hub. */
  readonly secretKey: string
  readonly keys: readonly AuthorizedKey[]
  /** ms between beats. */
  readonly heartbeat: number
  readonly limits: Limits
  readonly setUp: (service: string, record: RemoteRecord) => Promise<void>
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** Lines in the log about strangers: a flood of them must not become a flood of lines. */
const LOG_RATE = { burst: 20, perSecond: 0.2 }
/** Connections to a port beside two of each of as many clients as there may be. */
const STRANGERS = 100
/** ms that a client waits for the process of its service. */
const SERVICE_PATIENCE = 30_000

/** Lets clients in and passes on what they and the processes of their services say to each other. */
export class Majordomo {
  readonly #options: MajordomoOptions
  readonly #requests: Front
  readonly #handlers: Front
  readonly #services: Services
  readonly #clients: Clients
  readonly #authenticator: Authenticator
  #keys: readonly AuthorizedKey[]
  #dropped = 0
  #broken = 0
  #seen = new Map<string, { connected: boolean; since: number }>()
  #check: NodeJS.Timeout
  readonly #lines = new RateLimit(LOG_RATE, performance.now())

  private constructor(options: MajordomoOptions) {
    this.#options = options
    this.#keys = options.keys
    this.#authenticator = createAuthenticator({
      secretKey: options.secretKey,
      // Asked before any message is read, on both ports.
      allow: ({ publicKey }) => findGoodKey(this.#keys, publicKey) !== undefined,
      refused: ({ publicKey, address }) =>
        this.#warn(`A client at ${address} was refused: the key ${publicKey} is not authorised`),
    })
    const now = () => performance.now()
    const { clients: most, memory } = options.limits
    const common = {
      authenticator: this.#authenticator,
      mostConnections: 2 * most + STRANGERS,
      memory,
      gone: (peer: string) => this.#clients.gone(peer),
      broken: () => {
        this.#broken++
      },
    }
    this.#requests = new Front({
      ...common,
      address: options.requests,
      receive: (peer, frames, publicKey) => this.#clients.fromRequests(peer, publicKey, frames),
    })
    this.#handlers = new Front({
      ...common,
      address: options.handlers,
      receive: (peer, frames, publicKey) => this.#clients.fromHandlers(peer, publicKey, frames),
    })
    this.#services = new Services({
      runtime: options.runtime,
      now,
      data: (session, lane, frames) => this.#clients.fromService(session, lane, frames),
      taken: (session, bytes) => this.#clients.taken(session, bytes),
      ended: (session, error) => this.#clients.endSession(session, error),
      gone: (service) => this.#clients.serviceGone(service),
      dropped: (why) => this.#drop(why),
    })
    this.#clients = new Clients({
      heartbeat: options.heartbeat,
      limits: options.limits,
      now,
      keys: () => this.#keys,
      setUp: options.setUp,
      connected: (service) => this.#tell(service, true, 'is connected'),
      disconnected: (service, { message }) => this.#tell(service, false, `is away: ${message}`),
      dropped: (why) => this.#drop(why),
      ways: {
        toRequests: (peer, frames) => this.#requests.send(peer, frames),
        toHandlers: (peer, frames) => this.#handlers.send(peer, frames),
        dismiss: (peer, handlersPeer) => {
          this.#requests.dismiss(peer)
          if (handlersPeer !== undefined) this.#handlers.dismiss(handlersPeer)
        },
        serviceReady: (service) => this.#services.registered(service, SERVICE_PATIENCE),
        opened: (service, session) => this.#services.opened(service, session),
        ended: (service, session, error) => this.#services.ended(service, session, error),
        forward: (service, session, lane, frames) => this.#services.forward(service, session, lane, frames),
      },
    })
    this.#check = setInterval(() => this.#clients.check(), options.heartbeat / 2).unref()
  }

  /** @throws OnituError `BIND_FAILED` */
  static async start(options: MajordomoOptions): Promise<Majordomo> {
    const majordomo = new Majordomo(options)
    try {
      await majordomo.#services.bind()
      await Promise.all([majordomo.#requests.bind(), majordomo.#handlers.bind()])
      return majordomo
    } catch (error) {
      await majordomo.close()
      throw error
    }
  }

  /** Bound addresses. */
  get requests(): string {
    return this.#requests.address
  }

  get handlers(): string {
    return this.#handlers.address
  }

  /** Who may connect from now on. When it returns, nothing more is read of, or sent to, whose key is not in the list. */
  setKeys(keys: readonly AuthorizedKey[]): void {
    this.#keys = keys
    this.#clients.checkKeys()
    for (const front of [this.#requests, this.#handlers])
      front.dismissWhere((publicKey) => findGoodKey(keys, publicKey) === undefined)
  }

  status(): MajordomoStatus {
    return {
      clients: [...this.#seen].map(([service, state]) => ({ service, ...state })),
      refused: this.#authenticator.counters.refused + this.#broken,
      dropped: this.#dropped,
    }
  }

  /** May be called twice. */
  async close(): Promise<void> {
    clearInterval(this.#check)
    this.#clients.endAll(new OnituError('CLOSING', 'The hub is stopping', { retryable: true }))
    await Promise.all([this.#requests.close(), this.#handlers.close()])
    await this.#services.close()
    this.#authenticator.close()
  }

  #tell(service: string, connected: boolean, what: string): void {
    this.#seen.set(service, { connected, since: Date.now() })
    this.#options.log('info', `The client of ${service} ${what}`)
  }

  #drop(why: string): void {
    this.#dropped++
    this.#warn(`Dropped ${why} (${this.#dropped} messages in all)`)
  }

  #warn(message: string): void {
    if (this.#lines.take(performance.now())) this.#options.log('warn', message)
  }
}
