import type { Connection } from './connection.ts'

/** The clients that are connected, by all that they are known by. */
export class Connections {
  readonly #peers = new Map<string, Connection>()
  readonly #handlers = new Map<string, Connection>()
  readonly #sessions = new Map<string, Connection>()
  readonly #tokens = new Map<string, Connection>()

  get size(): number {
    return this.#peers.size
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#peers.values()
  }

  add(connection: Connection): void {
    this.#peers.set(connection.peer, connection)
    this.#sessions.set(connection.session, connection)
  }

  /** It may come to the second port with its token now. */
  expect(connection: Connection): void {
    this.#tokens.set(connection.token.toString('latin1'), connection)
  }

  /** Whose token that is, once: it has come to the second port. */
  bind(token: string, publicKey: string, peer: string): Connection | undefined {
    const connection = this.#tokens.get(token)
    if (connection?.key.publicKey !== publicKey) return undefined
    this.#tokens.delete(token)
    connection.handlersPeer = peer
    this.#handlers.set(peer, connection)
    return connection
  }

  /** False: it is gone already. */
  remove(connection: Connection): boolean {
    if (!this.has(connection)) return false
    this.#sessions.delete(connection.session)
    this.#peers.delete(connection.peer)
    this.#tokens.delete(connection.token.toString('latin1'))
    if (connection.handlersPeer !== undefined) this.#handlers.delete(connection.handlersPeer)
    return true
  }

  has(connection: Connection): boolean {
    return this.#sessions.get(connection.session) === connection
  }

  atRequests(peer: string): Connection | undefined {
    return this.#peers.get(peer)
  }

  atHandlers(peer: string): Connection | undefined {
    return this.#handlers.get(peer)
  }

  ofSession(session: string): Connection | undefined {
    return this.#sessions.get(session)
  }

  ofService(service: string): Connection | undefined {
    for (const connection of this.#peers.values()) if (connection.key.service === service) return connection
    return undefined
  }
}
