import type { Socket } from 'node:net'
import { ServiceError } from '@onitu/plug'
import type { Pace } from '@onitu/plug/kit'
import type { Tunnels } from '../proxy/tunnels.ts'
import { connector, type Open } from './connect.ts'
import { Connection, StaleConnection } from './connection.ts'
import type { ResponseHeaders } from './response-reader.ts'

export interface HttpRequest {
  readonly method: string
  /** With its query, encoded. */
  readonly path: string
  /** Names in lower case. The length of the body is added. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal | undefined
  /** Where the body of an answer goes if it has the same length. */
  readonly into?: Uint8Array | undefined
  /** Body and answer are contents, which keep to these limits. */
  readonly pace?: Pace | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly body: Buffer
  /** It was sent twice, for the connection ended the first time: the service may have carried it out before, and tell of that. */
  readonly again: boolean
}

export interface HttpClientOptions {
  /** ms without a byte either way after which a request is given up. */
  readonly timeout: number
  /** Certificates that are trusted instead of the system's. */
  readonly ca?: string
  /** The server as messages name it, where that is not its address. */
  readonly name?: string
  /** What connections go over; only with TLS. They are closed with the client. */
  readonly tunnels?: Tunnels
}

/**
 * Requests in HTTP/1.1 to one server over connections that are kept: as many as there are requests at once. Our own, since for small contents Node's client takes
 * more than twice the processor time (and undici more than that), which is most of what they cost: bench/drivers.md.
 */
export class HttpClient {
  readonly #host: string
  readonly #name: string
  readonly #tunnels: Tunnels | undefined
  readonly #timeout: number
  readonly #open: Open
  readonly #connections = new Set<Connection>()
  /** The last one was used last: the others may have been closed by the server since. */
  readonly #idle: Connection[] = []
  #closed = false

  constructor(url: URL, { timeout, ca, name = url.host, tunnels }: HttpClientOptions) {
    const isSecure = url.protocol === 'https:'
    const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
    this.#host = url.host
    this.#name = name
    this.#tunnels = tunnels
    this.#timeout = timeout
    this.#open = connector({ host: url.hostname.replace(/^\[|\]$/g, ''), port, isSecure, ca })
  }

  /** @throws ServiceError when the server cannot be reached, or does not answer; the reason of `signal` */
  async send(request: HttpRequest): Promise<HttpResponse> {
    request.signal?.throwIfAborted()
    const kept = this.#idle.pop()
    if (kept === undefined) return this.#sendOverNew(request, false)
    try {
      return await this.#sendOver(kept, request, false)
    } catch (error) {
      if (!(error instanceof StaleConnection)) throw error
      return this.#sendOverNew(request, true)
    }
  }

  close(): void {
    this.#closed = true
    this.#tunnels?.close(this.#isClosed())
    for (const connection of [...this.#connections]) connection.close()
  }

  async #sendOverNew(request: HttpRequest, again: boolean): Promise<HttpResponse> {
    if (this.#closed) throw this.#isClosed()
    if (this.#tunnels === undefined) return this.#sendOver(this.#connect(), request, again)
    return this.#sendThrough(this.#tunnels, request, again)
  }

  async #sendThrough(tunnels: Tunnels, request: HttpRequest, again: boolean): Promise<HttpResponse> {
    const { signal } = request
    const tunnel = await tunnels.open(signal)
    // Since it was opened, before this goes on.
    if (this.#closed || signal?.aborted === true) {
      tunnel.destroy()
      throw signal?.aborted === true ? signal.reason : this.#isClosed()
    }
    return this.#sendOver(this.#connect(tunnel), request, again)
  }

  async #sendOver(connection: Connection, request: HttpRequest, again: boolean): Promise<HttpResponse> {
    const { status, headers, body } = await connection.send(request)
    if (!connection.isOver) this.#idle.push(connection)
    return { status, headers, body, again }
  }

  #connect(tunnel?: Socket): Connection {
    const over = (connection: Connection) => this.#forget(connection)
    const options = { host: this.#host, name: this.#name, timeout: this.#timeout, over }
    const connection = new Connection((read) => this.#open(read, tunnel), options)
    this.#connections.add(connection)
    return connection
  }

  #isClosed(): ServiceError {
    return new ServiceError('CLOSED', `The client of ${this.#name} is closed`)
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
  }
}
