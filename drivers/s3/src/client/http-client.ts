import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { ServiceError, systemCode } from '@onitu/plug'

export interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

const EMPTY = Buffer.alloc(0)

/** Requests to one server over connections that are kept, so many at once. A request without any answer for `timeout` ms is given up. */
export class HttpClient {
  readonly #url: URL
  readonly #timeout: number
  readonly #agent: HttpAgent | HttpsAgent

  constructor(url: URL, { timeout, requests }: { readonly timeout: number; readonly requests: number }) {
    this.#url = url
    this.#timeout = timeout
    const options = { keepAlive: true, maxSockets: requests, maxFreeSockets: requests, noDelay: true }
    this.#agent = url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    const attempt = await this.#attempt(request)
    // The server had closed a connection that was kept: it has not seen the request.
    return attempt === 'stale' ? this.#sendAgain(request) : attempt
  }

  close(): void {
    this.#agent.destroy()
  }

  async #sendAgain(request: HttpRequest): Promise<HttpResponse> {
    const attempt = await this.#attempt({ ...request, headers: { ...request.headers, connection: 'close' } })
    if (attempt !== 'stale') return attempt
    throw new ServiceError('CONNECTION_LOST', `${this.#url.host} closed the connection`)
  }

  #attempt({ method, path, headers, body, signal }: HttpRequest): Promise<HttpResponse | 'stale'> {
    const secure = this.#url.protocol === 'https:'
    const size = body === undefined ? {} : { 'content-length': String(body.byteLength) }
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)({
        agent: this.#agent,
        host: this.#url.hostname.replace(/^\[|\]$/g, ''),
        port: this.#url.port === '' ? (secure ? 443 : 80) : Number(this.#url.port),
        method,
        path,
        headers: { ...headers, ...size },
        timeout: this.#timeout,
        ...(signal === undefined ? {} : { signal }),
      })
      request.on('timeout', () =>
        request.destroy(new ServiceError('NO_ANSWER', `${this.#url.host} has not answered for ${this.#timeout} ms`)),
      )
      request.on('error', (error) => {
        const isStale = request.reusedSocket && systemCode(error) === 'ECONNRESET'
        if (isStale) resolve('stale')
        else reject(this.#failure(error, signal))
      })
      request.on('response', (response) => {
        // Without waiting for the end: there is no body, and Swift sends the end of one all the same, which breaks the connection.
        if (method === 'HEAD') resolve({ status: response.statusCode ?? 0, headers: response.headers, body: EMPTY })
        this.#read(response, resolve, (error) => reject(this.#failure(error, signal)))
      })
      request.end(body)
    })
  }

  #read(response: IncomingMessage, resolve: (response: HttpResponse) => void, reject: (error: Error) => void): void {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('error', reject)
    response.on('end', () => {
      const body = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
    })
  }

  #failure(error: Error, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true) return signal.reason
    if (error instanceof ServiceError) return error
    const code = systemCode(error)
    const isSystem = code !== undefined && /^E[A-Z]+$/.test(code) && code !== 'ECONNRESET' && code !== 'EPIPE'
    return new ServiceError(isSystem ? code : 'CONNECTION_LOST', `Cannot reach ${this.#url.host}: ${error.message}`, {
      cause: error,
    })
  }
}
