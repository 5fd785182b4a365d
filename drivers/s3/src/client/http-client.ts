import { type ClientRequest, type Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { ServiceError, systemCode } from '@onitu/plug'
import type { Pace } from '@onitu/plug/kit'
import { SharedBufferAgent } from './shared-buffer-agent.ts'

export interface HttpRequest {
  readonly method: string
  readonly path: string
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
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
  /** It was sent twice, for the connection ended the first time: the service may have carried it out before, and tell of that. */
  readonly again: boolean
}

type Answer = Omit<HttpResponse, 'again'>

const EMPTY = Buffer.alloc(0)

/** Bytes of a body that are sent at once under a limit. */
const PIECE = 64 * 1024

/** Requests to one server over connections that are kept, so many at once. A request without any answer for `timeout` ms is given up. */
export class HttpClient {
  readonly #url: URL
  readonly #timeout: number
  readonly #agent: HttpAgent | HttpsAgent

  constructor(url: URL, { timeout, requests }: { readonly timeout: number; readonly requests: number }) {
    this.#url = url
    this.#timeout = timeout
    const options = { keepAlive: true, maxSockets: requests, maxFreeSockets: requests, noDelay: true }
    this.#agent = url.protocol === 'https:' ? new HttpsAgent(options) : new SharedBufferAgent(options)
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    const attempt = await this.#attempt(request)
    // The server had closed a connection that was kept: most likely it has not seen the request.
    return attempt === 'stale' ? this.#sendAgain(request) : { ...attempt, again: false }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #sendAgain(request: HttpRequest): Promise<HttpResponse> {
    const attempt = await this.#attempt({ ...request, headers: { ...request.headers, connection: 'close' } })
    if (attempt !== 'stale') return { ...attempt, again: true }
    throw new ServiceError('CONNECTION_LOST', `${this.#url.host} closed the connection`)
  }

  #attempt({ method, path, headers, body, into, signal, pace }: HttpRequest): Promise<Answer | 'stale'> {
    const secure = this.#url.protocol === 'https:'
    const size = body === undefined ? {} : { 'content-length': String(body.byteLength) }
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const request = (secure ? httpsRequest : httpRequest)({
        agent: this.#agent,
        host: this.#url.hostname.replace(/^\[|\]$/g, ''),
        port: this.#url.port === '' ? (secure ? 443 : 80) : Number(this.#url.port),
        method,
        path,
        headers: { ...headers, ...size },
        timeout: this.#timeout,
      })
      // Node's own option `signal` watches request and answer in several ways, which would cost a third more for a small content.
      const abort = () => {
        reject(signal?.reason)
        request.destroy()
      }
      signal?.addEventListener('abort', abort)
      request.on('close', () => signal?.removeEventListener('abort', abort))
      const waiting = new Waiting(pace, signal)
      request.on('timeout', () => {
        if (waiting.count > 0) request.socket?.setTimeout(this.#timeout)
        else
          request.destroy(new ServiceError('NO_ANSWER', `${this.#url.host} has not answered for ${this.#timeout} ms`))
      })
      request.on('error', (error) => {
        const isStale = request.reusedSocket && systemCode(error) === 'ECONNRESET'
        if (isStale) resolve('stale')
        else reject(this.#failure(error, signal))
      })
      request.on('response', (response) => {
        // Without waiting for the end: there is no body, and Swift sends the end of one all the same, which breaks the connection.
        if (method === 'HEAD') resolve({ status: response.statusCode ?? 0, headers: response.headers, body: EMPTY })
        this.#read(response, { waiting, into }, resolve, (error) => reject(this.#failure(error, signal)))
      })
      if (body === undefined || pace === undefined) request.end(body)
      else sendSlowly(request, body, waiting).catch((error: Error) => request.destroy(error))
    })
  }

  #read(
    response: IncomingMessage,
    { waiting, into }: { readonly waiting: Waiting; readonly into: Uint8Array | undefined },
    resolve: (response: Answer) => void,
    reject: (error: Error) => void,
  ): void {
    const body = new Body(response, into)
    response.on('data', (part: Buffer) => {
      body.add(part)
      const wait = waiting.down(part.byteLength)
      if (wait === undefined) return
      response.pause()
      wait.then(
        () => response.resume(),
        (error: Error) => response.destroy(error),
      )
    })
    response.on('error', reject)
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: body.content() }),
    )
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

/** The body of an answer: where it is to go if it fits there, else in parts. */
class Body {
  readonly #into: Buffer | undefined
  readonly #parts: Buffer[] = []
  #length = 0

  constructor({ statusCode = 0, headers }: IncomingMessage, into: Uint8Array | undefined) {
    const fits = statusCode < 300 && into !== undefined && Number(headers['content-length']) === into.byteLength
    if (fits) this.#into = Buffer.from(into.buffer, into.byteOffset, into.byteLength)
  }

  add(part: Buffer): void {
    if (this.#into === undefined) this.#parts.push(part)
    else part.copy(this.#into, this.#length)
    this.#length += part.byteLength
  }

  content(): Buffer {
    if (this.#into !== undefined) return this.#into.subarray(0, this.#length)
    const [only] = this.#parts
    return this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts)
  }
}

/** Knows whether one request waits for a limit: it is not the server then that does not answer. */
class Waiting {
  readonly #pace: Pace | undefined
  readonly #signal: AbortSignal | undefined
  count = 0

  constructor(pace: Pace | undefined, signal: AbortSignal | undefined) {
    this.#pace = pace
    this.#signal = signal
  }

  up(bytes: number): Promise<void> | undefined {
    return this.#counted(this.#pace?.up(bytes, this.#signal))
  }

  down(bytes: number): Promise<void> | undefined {
    return this.#counted(this.#pace?.down(bytes, this.#signal))
  }

  #counted(wait: Promise<void> | undefined): Promise<void> | undefined {
    if (wait === undefined) return undefined
    this.count++
    return wait.finally(() => this.count--)
  }
}

async function sendSlowly(request: ClientRequest, body: Uint8Array, waiting: Waiting): Promise<void> {
  for (let at = 0; at < body.byteLength && !request.destroyed; at += PIECE) {
    const piece = body.subarray(at, at + PIECE)
    await waiting.up(piece.byteLength)
    if (!request.write(piece) && !request.destroyed) await drained(request)
  }
  request.end()
}

/** Resolves when more may be written, or it is over. */
function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      request.off('drain', done).off('close', done)
      resolve()
    }
    request.on('drain', done).on('close', done)
  })
}
