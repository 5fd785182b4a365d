import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { systemCode } from '@onitu/protocol'
import type { Ready } from './commands.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { type Endpoint, formatEndpoint, uniquePath } from './endpoint.ts'
import { notSent } from './not-sent.ts'

export type RouterOptions = Pick<ConnectionOptions, 'maxFrame' | 'heartbeat'>

export interface RouterHandlers {
  /** Somebody has reached the socket; nothing is agreed yet. */
  readonly accepted: () => void
  /** It does not speak the protocol, or not with this kind of socket; `disconnected` follows. */
  readonly failed: () => void
  readonly disconnected: () => void
  /** The name of the sender first. While what this gives is pending nothing more is read, from anybody. */
  readonly message: (frames: Buffer[]) => void | Promise<void>
}

/** A name that this end makes up: a zero, so that it is no name of a peer's choice, and a number. */
const OWN_NAME_SIZE = 5

/** Takes connections of DEALERs, and knows each by a name: its own, or one that is made up here. */
export class Router {
  #options: RouterOptions
  #handlers: RouterHandlers
  #server: Server
  #connections = new Set<Connection>()
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

  /** The name of the receiver first. Rejected with the code `EHOSTUNREACH` when it is not connected. */
  send([name, ...frames]: readonly Uint8Array[]): Promise<void> {
    const connection = name === undefined ? undefined : this.#named.get(asName(name))
    return connection?.send(frames) === true ? Promise.resolve() : Promise.reject(notSent('EHOSTUNREACH'))
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
    for (const connection of this.#connections) connection.end(linger)
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
    this.#handlers.accepted()
    let name = ''
    const connection = new Connection(
      socket,
      { ...this.#options, ready: { socketType: 'ROUTER', identity: Buffer.alloc(0) }, peerType: 'DEALER' },
      {
        ready: (peer) => {
          name = this.#name(peer, connection)
        },
        message: (frames) => this.#take([Buffer.from(name, 'latin1'), ...frames]),
        closed: (problem) => {
          this.#connections.delete(connection)
          if (this.#named.get(name) === connection) this.#named.delete(name)
          if (problem !== undefined) this.#handlers.failed()
          this.#handlers.disconnected()
        },
      },
    )
    this.#connections.add(connection)
    if (this.#held !== undefined) connection.pause()
  }

  /** Who comes back under its name before its old connection was missed takes the place of it. */
  #name({ identity }: Ready, connection: Connection): string {
    const name = identity.byteLength === 0 || identity[0] === 0 ? this.#makeName() : asName(identity)
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
    for (const connection of this.#connections) connection.pause()
    await held
    this.#held = undefined
    // One of them may hold it up again; the rest waits on.
    for (const message of this.#waiting.splice(0)) this.#take(message)
    if (this.#held === undefined) for (const connection of this.#connections) connection.resume()
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
