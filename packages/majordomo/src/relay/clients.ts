import { randomBytes } from 'node:crypto'
import { isOnituError, OnituError, toWireError } from '@onitu/protocol'
import { type AuthorizedKey, findGoodKey } from '../keys/index.ts'
import { weightOf } from '../rpc/deliver.ts'
import { MAX_SENT_FRAMES } from '../rpc/parts.ts'
import { confine } from '../setup/confine.ts'
import type { RemoteRecord } from '../setup/remote-record.ts'
import { LANE, type Lane } from '../wire/hub-messages.ts'
import { decodeLink, encodeEnded, encodeLink, LETTER, tokenSchema } from '../wire/link-messages.ts'
import { type Connection, createConnection } from './connection.ts'
import { Connections } from './connections.ts'
import { Entrance } from './entrance.ts'

/** The two ports, and the processes of the services. */
export interface Ways {
  toRequests(peer: string, frames: readonly Uint8Array[]): void
  toHandlers(peer: string, frames: readonly Uint8Array[]): void
  /** The client, at both ports, is to go. */
  dismiss(peer: string, handlersPeer: string | undefined): void
  /** Resolves when the process of the service is there. */
  serviceReady(service: string): Promise<void>
  opened(service: string, session: string): void
  ended(service: string, session: string, error: OnituError): void
  forward(service: string, session: string, lane: Lane, frames: readonly Uint8Array[]): void
}

export interface Limits {
  /** Connected at once. */
  readonly clients: number
  /** Bytes of one client that wait for the process of its service. */
  readonly memory: number
}

export interface ClientsOptions {
  readonly ways: Ways
  /** ms between beats. */
  readonly heartbeat: number
  readonly limits: Limits
  /** ms that only go forward. */
  readonly now: () => number
  /** Those that may connect. */
  readonly keys: () => readonly AuthorizedKey[]
  /** Has the launcher set the service up. @throws what the client is told */
  readonly setUp: (service: string, record: RemoteRecord) => Promise<void>
  readonly connected: (service: string) => void
  readonly disconnected: (service: string, error: OnituError) => void
  /** A message that is not understood or not allowed. */
  readonly dropped: (why: string) => void
}

/** Heartbeats that a client may be silent. It is looked for twice a heartbeat, so that three of them are enough to notice. */
const SILENT_BEATS = 2.5
/** ms of silence of a client that does not know yet how often it has to beat. */
const FIRST_SILENCE = 10_000
const SESSION_SIZE = 8
const TOKEN_SIZE = 32
/** Who is connected, as what, and what may pass. Knows no sockets. */
export class Clients {
  readonly #options: ClientsOptions
  readonly #connections = new Connections()
  readonly #entrance: Entrance

  constructor(options: ClientsOptions) {
    this.#options = options
    const { now, keys, dropped, ways } = options
    this.#entrance = new Entrance({
      ...{ now, keys, dropped },
      answer: (peer, frames) => ways.toRequests(peer, frames),
      admit: (peer, key, setup) => this.#admit(peer, key, { publicKey: key.publicKey, setup: confine(setup, key) }),
    })
  }

  /** A message on the port for requests, from a connection that has proved the key. */
  fromRequests(peer: string, publicKey: string, [letter, ...frames]: readonly Buffer[]): void {
    const what = letter?.toString('latin1')
    const connection = this.#connections.atRequests(peer)
    if (connection === undefined) {
      if (what === LETTER.hello) this.#entrance.hello(peer, publicKey, frames[0])
      else this.#entrance.other(peer, publicKey, what)
      return
    }
    if (!this.#hear(connection)) return
    if (what === LETTER.beat) this.#options.ways.toRequests(peer, encodeLink(LETTER.beat))
    else if (what === LETTER.bye)
      this.#end(connection, new OnituError('LEFT', 'The client has left', { retryable: true }))
    else if (what === LETTER.data) this.#forward(connection, LANE.requests, frames)
    else this.#options.dropped(`a message of an unknown type from ${connection.key.name}`)
  }

  /** A message on the port for handlers, from a connection that has proved the key. */
  fromHandlers(peer: string, publicKey: string, [letter, ...frames]: readonly Buffer[]): void {
    const what = letter?.toString('latin1')
    const connection = this.#connections.atHandlers(peer)
    if (connection === undefined) {
      if (what === LETTER.token) this.#bind(peer, publicKey, frames[0])
      else this.#options.dropped('a message on the port for handlers from somebody without a token')
    } else if (this.#hear(connection)) {
      if (what === LETTER.data) this.#forward(connection, LANE.handlers, frames)
      else this.#options.dropped(`a message of an unknown type from ${connection.key.name}`)
    }
  }

  /** From the process of a service. */
  fromService(session: string, lane: Lane, frames: readonly Uint8Array[]): void {
    const connection = this.#connections.ofSession(session)
    if (connection?.handlersPeer === undefined) return
    const { ways } = this.#options
    const message = [Buffer.from(LETTER.data), ...frames]
    if (lane === LANE.requests) ways.toRequests(connection.peer, message)
    else ways.toHandlers(connection.handlersPeer, message)
  }

  taken(session: string, bytes: number): void {
    const connection = this.#connections.ofSession(session)
    if (connection !== undefined) connection.unread = Math.max(0, connection.unread - bytes)
  }

  endSession(session: string, error: OnituError): void {
    const connection = this.#connections.ofSession(session)
    if (connection !== undefined) this.#end(connection, error)
  }

  /** The process of the service is there no more. */
  serviceGone(service: string): void {
    const connection = this.#connections.ofService(service)
    if (connection === undefined || connection.state === 'starting') return
    this.#end(
      connection,
      new OnituError('SERVICE_NOT_RUNNING', `The service ${service} has stopped on the hub`, { retryable: true }),
    )
  }

  /** A peer of either port is gone, or does not read. */
  gone(peer: string): void {
    const connection = this.#connections.atRequests(peer) ?? this.#connections.atHandlers(peer)
    if (connection !== undefined)
      this.#end(connection, new OnituError('LOST', 'The connection to the client was lost', { retryable: true }))
  }

  /** Who has been silent is gone. To be called twice a heartbeat. */
  check(): void {
    const silence = SILENT_BEATS * this.#options.heartbeat
    for (const connection of this.#connections) {
      const borne = connection.state === 'open' ? silence : Math.max(silence, FIRST_SILENCE)
      if (this.#options.now() - connection.heard <= borne) continue
      this.#end(connection, new OnituError('LOST', 'The client has not been heard of', { retryable: true }))
    }
  }

  /** The keys have changed: nothing more of a client is read, or sent to it, of which the key is not what it was. */
  checkKeys(): void {
    for (const connection of this.#connections) {
      const { key } = connection
      const now = findGoodKey(this.#options.keys(), key.publicKey)
      if (now === undefined) this.#end(connection, new OnituError('REVOKED', `The key ${key.name} was revoked`))
      else if (!isSame(now, key))
        this.#end(
          connection,
          new OnituError('KEY_CHANGED', `What the key ${key.name} may do has changed`, { retryable: true }),
        )
    }
  }

  endAll(error: OnituError): void {
    for (const connection of this.#connections) this.#end(connection, error)
  }

  #admit(peer: string, key: AuthorizedKey, record: RemoteRecord): void {
    const before = this.#connections.ofService(key.service)
    if (before !== undefined)
      this.#end(before, new OnituError('REPLACED', `Another client has come with the key ${key.name}`))
    if (this.#connections.size >= this.#options.limits.clients)
      throw new OnituError('TOO_MANY_CLIENTS', 'The hub has as many clients as it takes', { retryable: true })
    const session = randomBytes(SESSION_SIZE).toString('latin1')
    const connection = createConnection(peer, key, session, randomBytes(TOKEN_SIZE), this.#options.now())
    this.#connections.add(connection)
    this.#start(connection, record).catch((error: unknown) => this.#end(connection, asOnituError(error)))
  }

  async #start(connection: Connection, record: RemoteRecord): Promise<void> {
    const { service } = connection.key
    const { setUp, ways, heartbeat } = this.#options
    await setUp(service, record)
    await ways.serviceReady(service)
    if (!this.#connections.has(connection)) return
    connection.state = 'welcomed'
    this.#connections.expect(connection)
    const welcome = { token: connection.token, service, heartbeat }
    ways.toRequests(connection.peer, encodeLink(LETTER.welcome, welcome))
  }

  #bind(peer: string, publicKey: string, frame: Buffer | undefined): void {
    const token = decodeLink(tokenSchema, frame)?.token
    const name = token === undefined ? '' : Buffer.from(token).toString('latin1')
    const connection = this.#connections.bind(name, publicKey, peer)
    if (connection === undefined) {
      this.#options.dropped('a token that is none')
      return
    }
    connection.state = 'open'
    connection.heard = this.#options.now()
    const { service } = connection.key
    const { ways, connected } = this.#options
    ways.opened(service, connection.session)
    ways.toHandlers(peer, encodeLink(LETTER.bound))
    connected(service)
  }

  #forward(connection: Connection, lane: Lane, frames: readonly Buffer[]): void {
    if (connection.state !== 'open') {
      this.#options.dropped(`data of ${connection.key.name} before its time`)
      return
    }
    if (frames.length > MAX_SENT_FRAMES) {
      this.#end(connection, new OnituError('PROTOCOL', `A message has ${frames.length} frames`))
      return
    }
    connection.unread += weightOf(frames)
    if (connection.unread > this.#options.limits.memory) {
      this.#end(connection, new OnituError('FLOODED', 'The client sends more than it may', { retryable: true }))
    } else this.#options.ways.forward(connection.key.service, connection.session, lane, frames)
  }

  /** False: it says too much, and is cut off. */
  #hear(connection: Connection): boolean {
    const now = this.#options.now()
    connection.heard = now
    if (connection.messages.take(now)) return true
    this.#end(connection, new OnituError('FLOODED', 'The client sends messages too fast', { retryable: true }))
    return false
  }

  #end(connection: Connection, error: OnituError): void {
    const wasOpen = connection.state === 'open'
    if (!this.#connections.remove(connection)) return
    const { ways, disconnected } = this.#options
    const { service } = connection.key
    ways.toRequests(connection.peer, encodeEnded(error))
    ways.dismiss(connection.peer, connection.handlersPeer)
    if (!wasOpen) return
    ways.ended(service, connection.session, error)
    disconnected(service, error)
  }
}

function isSame(one: AuthorizedKey, other: AuthorizedKey): boolean {
  const folders = ({ folders }: AuthorizedKey) => JSON.stringify(folders)
  return one.service === other.service && one.mode === other.mode && folders(one) === folders(other)
}

function asOnituError(error: unknown): OnituError {
  if (isOnituError(error)) return error
  const { code, message } = toWireError(error)
  return new OnituError(code, message, { cause: error, retryable: true })
}
