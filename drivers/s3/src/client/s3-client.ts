import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { ServiceError } from '@onitu/plug'
import { Limiter, type Pace, WorkInProgress } from '@onitu/plug/kit'
import type { S3Options } from '../options/read-options.ts'
import { bodyDigests } from './body-digests.ts'
import { credentialsReader } from './credentials-reader.ts'
import type { HttpResponse } from './http/http-client.ts'
import { Places } from './places.ts'
import type { Environment } from './proxy/proxy-for.ts'
import { type S3StatusError, statusError } from './s3-error.ts'
import { type Credentials, canonicalQuery, encodePath, rememberingKey, signRequest } from './sign-request.ts'

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly bucket: string
  /** Empty: the bucket itself. */
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Where the body of the answer goes if it has the same length. */
  readonly into?: Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
  /** It goes before those that wait: it writes what an earlier one has looked at, which is to be true still. */
  readonly isNext?: boolean | undefined
}

const EMPTY_HASH = createHash('sha256').digest('hex')
/** A busy service is asked again so often, after growing pauses, before that is an error. */
const ATTEMPTS = 5
const FIRST_PAUSE = 200
const BUSY: ReadonlySet<number> = new Set([429, 500, 502, 503, 504])

/** Bytes in a second for each content on its way under a limit: what has to wait for long is given up by the service. */
const LEAST_SPEED = 64 * 1024

export interface S3ClientOptions {
  readonly pace?: Pace
  /** Called now and then while a request for the call with this signal is under way. */
  readonly atWork?: (signal: AbortSignal) => void
  /** Where a proxy may be named. */
  readonly environment?: Environment
}

/** Signed requests to the buckets of one service. */
export class S3Client {
  readonly #options: S3Options
  readonly #pace: Pace | undefined
  /** Contents that are on their way at once under a limit. */
  readonly #contents: Limiter | undefined
  readonly #working: WorkInProgress
  /** Requests wait for their turn here and not where they are sent: they are signed for the time at which they go, and cost nothing before. */
  readonly #turns: Limiter
  readonly #credentials: () => Promise<Credentials>
  readonly #keyOf = rememberingKey()
  readonly #places: Places
  #closed = false

  constructor(options: S3Options, { pace, atWork = () => undefined, environment = process.env }: S3ClientOptions = {}) {
    this.#options = options
    this.#places = new Places(options, environment)
    this.#credentials = credentialsReader(options)
    this.#pace = pace
    this.#working = new WorkInProgress(atWork)
    this.#turns = new Limiter(options.requests)
    if (pace !== undefined && Number.isFinite(pace.bandwidth))
      this.#contents = new Limiter(Math.max(1, pace.bandwidth / LEAST_SPEED))
  }

  /** @throws S3StatusError when the service refuses; ServiceError when it cannot be reached */
  send(request: S3Request): Promise<HttpResponse> {
    return this.#working.during(request.signal, () => this.#send(request))
  }

  async #send(request: S3Request): Promise<HttpResponse> {
    const isContent = request.key !== '' && (request.body !== undefined || request.method === 'GET')
    const { isNext } = request
    for (let attempt = 1; ; attempt++) {
      const send = () => this.#turns.run(1, () => this.#sendOnce(request, isContent), { isNext })
      const response = await (isContent && this.#contents !== undefined
        ? this.#contents.run(1, send, { isNext })
        : send())
      if (response.status < 300) return response
      const again = attempt > 1 || response.again
      const error = this.#refusal(request, { ...response, again })
      if (!BUSY.has(error.status) || attempt === ATTEMPTS) throw error
      await delay(pauseOf(response, attempt), undefined, request.signal === undefined ? {} : { signal: request.signal })
    }
  }

  close(): void {
    this.#closed = true
    this.#places.close()
  }

  #refusal({ method, bucket, key }: S3Request, response: HttpResponse): S3StatusError {
    const { endpoint, region } = this.#options
    const proxy = this.#places.known(bucket)?.forwards
    return statusError(response, `${method} ${JSON.stringify(`${bucket}/${key}`)}`, {
      isHead: method === 'HEAD',
      asked: { endpoint, region, bucket },
      ...(proxy === undefined ? {} : { proxy }),
    })
  }

  async #sendOnce(request: S3Request, isContent: boolean): Promise<HttpResponse> {
    const { method, bucket, key, query = {}, headers = {}, body, into, signal } = request
    // Before it is signed: a signature is good for some minutes.
    await this.#pace?.request(signal)
    if (this.#closed) throw new ServiceError('CLOSED', 'The driver is closed')
    const { url, base, http } = this.#places.known(bucket) ?? (await this.#places.find(bucket))
    const path = encodePath(`${base}/${key}`)
    const digests = body === undefined ? undefined : await bodyDigests(body, url.protocol !== 'https:')
    const signed = signRequest(
      {
        method,
        host: url.host,
        path,
        query,
        headers: digests === undefined ? headers : { ...headers, 'content-md5': digests.md5 },
        payloadHash: digests?.sha256 ?? EMPTY_HASH,
      },
      await this.#credentials(),
      this.#options.region,
      new Date(),
      this.#keyOf,
    )
    const search = canonicalQuery(query)
    return http.send({
      method,
      path: search === '' ? path : `${path}?${search}`,
      headers: signed,
      ...(body === undefined ? {} : { body }),
      into,
      signal,
      pace: isContent && this.#contents !== undefined ? this.#pace : undefined,
    })
  }
}

function pauseOf({ headers }: HttpResponse, attempt: number): number {
  const wanted = Number(headers['retry-after'])
  if (wanted > 0) return Math.min(wanted, 30) * 1000
  return FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + Math.random())
}
