import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { systemCode } from '@onitu/protocol'
import type { Ready } from './commands.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { type Endpoint, formatEndpoint, uniquePath } from './endpoint.ts'
import { type HandshakeFailure, type Mechanism, nullMechanism } from './mechanism.ts'

export interface RouterOptions extends Pick<ConnectionOptions, 'maxFrame' | 'maxMessage' | 'maxUnsent' | 'heartbeat'> {
  /** How each connection makes sure of the other end; `address` is its IP address. Default: not at all. */
  readonly mechanism?: (own: Ready, address: string) => Mechanism
  /**
   * Each is known by the name that it gives itself, if any, and takes the place of a connection that has it. False: all names are made up here, so that nobody
   * gets what was meant for another.
   */
  readonly trustsNames: boolean
  /** Connections at once. One more takes the place of the oldest that has not agreed; when all have, it is refused. Default: any number. */
  readonly mostConnections?: number
}

export interface RouterHandlers {
  /** Somebody has reached the socket; nothing is agreed yet. */
  readonly accepted?: () => void
  /** The connection did not come about, or broke the rules; `disconnected` follows. */
  readonly failed?: (failure: HandshakeFailure) => void
  /** Both have agreed. `publicKey`: what the other end has proved to own, if anything. */
  readonly connected?: (name: string, publicKey: Buffer | undefined) => void
  /** `name`: undefined when it never came to have one. */
  readonly disconnected: (name: string | undefined) => void
  /** The name of the sender first. While what this gives is pending nothing more is read, from anybody. */
  readonly message: (frames: Buffer[]) => void | Promise<void>
}

/** A name that this end makes up: a zero, so that it is no name of a peer's choice, and a number. */
const OWN_NAME_SIZE = 5

/** Takes connections of DEALERs, and knows each by a name: its own, or one that is made up here. Names are bytes, as latin1 text. */
export class Router {
  #options: RouterOptions
  #handlers: RouterHandlers
  #server: Server
  /** With the IP addresses of the other ends. */
  #connections = new Map<Connection, string>()
  #named = new Map<string, Connection>()
  #lastNumber = 0
  #held: Promise<void> | undefined
  #waiting: Buffer[][] = []
  #directory: string | undefined
  #closing: Promise<void> | undefined
  address = ''

  constructor(options: RouterOptions, handlers: RouterHandlers) {
    this.#options = options
    this.#handlers = handlers
    this.#server = createServer((socket) => this.#accept(socket))
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  /** @throws an error with the code `EADDRINUSE` and others of the system */
  async bind(endpoint: Endpoint): Promise<void> {
    if (this.closed) throw new TypeError('The socket is closed')
    const place = 'path' in endpoint && endpoint.path === '*' ? this.#makeDirectory() : endpoint
    try {
      await this.#listen(place)
    } catch (error) {
      if (!('path' in place) || systemCode(error) !== 'EADDRINUSE' || (await answers(place.path))) throw error
      // Left by a process that was killed.
      await rm(place.path, { force: true })
      await this.#listen(place)
    }
    const bound = this.#server.address()
    this.address = formatEndpoint(
      'port' in place && typeof bound === 'object' && bound !== null ? { ...place, port: bound.port } : place,
    )
  }

  has(name: string): boolean {
    return this.#named.has(name)
  }

  /** False when it is not connected, or does not read. */
  send(name: string, frames: readonly Uint8Array[]): boolean {
    return this.#named.get(name)?.send(frames) === true
  }

  /** Cuts it off; what was sent to it may be lost. */
  disconnect(name: string): void {
    this.#named.get(name)?.destroy()
  }

  /** Those of all that have agreed for which it holds, at once. They may come again. */
  disconnectWhere(isToGo: (peer: Ready, address: string) => boolean): void {
    for (const [connection, address] of this.#connections) {
      const { peer } = connection
      if (peer !== undefined && isToGo(peer, address)) connection.destroy()
    }
  }

  /** What was sent still leaves, for up to `linger` ms, while nothing more is read. May be called twice. */
  close(linger: number): Promise<void> {
    this.#closing ??= this.#close(linger)
    return this.#closing
  }

  async #close(linger: number): Promise<void> {
    this.#waiting = []
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined
    this.#server.close()
    for (const connection of this.#connections.keys()) connection.end(linger)
    await closed
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true })
  }

  async #listen(endpoint: Endpoint): Promise<void> {
    const listening = once(this.#server, 'listening')
    this.#server.listen(endpoint)
    await listening
  }

  #makeDirectory(): Endpoint {
    const path = uniquePath()
    this.#directory = dirname(path)
    return { path }
  }

  #accept(socket: Socket): void {
    if (!this.#makeRoom()) {
      socket.destroy()
      return
    }
    this.#handlers.accepted?.()
    const { mechanism = nullMechanism, trustsNames, mostConnections, ...options } = this.#options
    const address = socket.remoteAddress ?? ''
    const own = { socketType: 'ROUTER', identity: Buffer.alloc(0) }
    let name: string | undefined
    const connection = new Connection(
      socket,
      { ...options, mechanism: mechanism(own, address), peerType: 'DEALER' },
      {
        ready: (peer) => {
          name = this.#name(peer, connection)
          this.#handlers.connected?.(name, peer.publicKey)
        },
        message: (frames) => {
          if (name !== undefined) this.#take([Buffer.from(name, 'latin1'), ...frames])
        },
        closed: (failure) => {
          this.#connections.delete(connection)
          if (name !== undefined && this.#named.get(name) === connection) this.#named.delete(name)
          if (failure !== undefined) this.#handlers.failed?.(failure.kind)
          else if (connection.peer === undefined) this.#handlers.failed?.('lost')
          this.#handlers.disconnected(name)
        },
      },
    )
    this.#connections.set(connection, address)
    if (this.#held !== undefined) connection.pause()
  }

  /** False: there is none, for all that are connected have agreed. */
  #makeRoom(): boolean {
    if (this.#connections.size < (this.#options.mostConnections ?? Number.POSITIVE_INFINITY)) return true
    for (const connection of this.#connections.keys()) {
      if (connection.peer !== undefined) continue
      this.#connections.delete(connection)
      connection.destroy()
      return true
    }
    return false
  }

  /** Who comes back under its name before its old connection was missed takes the place of it. */
  #name({ identity }: Ready, connection: Connection): string {
    const isNamed = this.#options.trustsNames && identity.byteLength > 0 && identity[0] !== 0
    const name = isNamed ? asName(identity) : this.#makeName()
    this.#named.get(name)?.destroy()
    this.#named.set(name, connection)
    return name
  }

  #makeName(): string {
    const name = Buffer.alloc(OWN_NAME_SIZE)
    name.writeUInt32BE(++this.#lastNumber % 2 ** 32, 1)
    return asName(name)
  }

  #take(message: Buffer[]): void {
    if (this.#held !== undefined) {
      this.#waiting.push(message)
      return
    }
    if (this.closed) return
    const held = this.#handlers.message(message)
    if (held !== undefined) void this.#hold(held)
  }

  async #hold(held: Promise<void>): Promise<void> {
    this.#held = held
    for (const connection of this.#connections.keys()) connection.pause()
    await held
    this.#held = undefined
    // One of them may hold it up again; the rest waits on.
    for (const message of this.#waiting.splice(0)) this.#take(message)
    if (this.#held === undefined) for (const connection of this.#connections.keys()) connection.resume()
  }
}

function asName(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** Whether somebody listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => resolve(systemCode(error) !== 'ECONNREFUSED' && systemCode(error) !== 'ENOENT'))
  })
}
