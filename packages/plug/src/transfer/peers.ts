import type { Database } from '@onitu/escalator'
import { type Answer, createRequester, giveBack, type Requester } from '@onitu/escalator/messaging'
import { fileId, fromWireError, isOnituError, keys, OnituError } from '@onitu/protocol'
import type { Clock } from '../engine.ts'
import { ServiceError } from '../errors.ts'
import {
  BYTES_PER_REQUEST,
  chunkReplySchema,
  FILES_PER_REQUEST,
  filesReplySchema,
  type Offer,
  parseMessage,
  pathReplySchema,
  readingReplySchema,
  stagingReplySchema,
  takeReplySchema,
  type Wanted,
  type WantedChunk,
} from './messages.ts'
import { PATIENCE, RequestWatch } from './request-watch.ts'
import type { Peers } from './source.ts'
import type { LocalFile } from './spool.ts'

/** ms. A source that says for a whole day that it reads a content is left for the next one. One that says nothing is left soon. */
const LONGEST = 24 * 3_600_000
/** ms for an answer without which everything goes on. */
const STAGING_TIMEOUT = 2_000

interface Asked {
  readonly wanted: Wanted
  readonly size: number
  readonly resolve: (content: Uint8Array) => void
  readonly reject: (error: unknown) => void
}

/** Content requests to the Plugs of other services. Files that are asked for in one tick go in one request. */
export class SocketPeers implements Peers {
  readonly #db: Database
  readonly #clock: Clock
  #connections = new Map<string, Promise<Requester>>()
  #asked = new Map<string, Asked[]>()
  readonly #watch: RequestWatch
  #active = new Map<string, number>()
  #closed = false

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
    this.#watch = new RequestWatch(clock)
  }

  active(service: string): number {
    return this.#active.get(service) ?? 0
  }

  file(service: string, wanted: Wanted, size: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const asked = this.#asked.get(service)
      if (asked === undefined) {
        this.#asked.set(service, [{ wanted, size, resolve, reject }])
        this.#clock.soon(() => this.#flush(service))
      } else asked.push({ wanted, size, resolve, reject })
    })
  }

  async chunk(service: string, wanted: WantedChunk, offset: number, size: number, signal: AbortSignal) {
    const body = { type: 'chunk', ...wanted, offset, size }
    const answer = await this.#ask(service, body, [wanted.fid], signal)
    const { active } = parseMessage(chunkReplySchema, answer.body, `The answer of ${service}`)
    this.#active.set(service, active)
    const [frame] = answer.frames
    if (frame === undefined) throw new OnituError('PROTOCOL', `The answer of ${service} has no content`)
    return frame
  }

  release(chunk: Uint8Array): void {
    giveBack(chunk)
  }

  async path(service: string, wanted: Wanted): Promise<LocalFile | undefined> {
    const { body } = await this.#ask(service, { type: 'path', ...wanted }, [wanted.fid])
    const { path, blocks } = parseMessage(pathReplySchema, body, `The answer of ${service}`)
    return path === null ? undefined : { path, ...(blocks && { blocks }) }
  }

  async staging(service: string, folder: string): Promise<string | undefined> {
    const requester = await this.#connect(service)
    const { body } = await requester.request({ type: 'staging', folder }, { timeout: STAGING_TIMEOUT })
    return parseMessage(stagingReplySchema, body, `The answer of ${service}`).directory ?? undefined
  }

  async take(service: string, offer: Offer): Promise<string | undefined> {
    const { body } = await this.#ask(service, { type: 'take', ...offer }, [fileId(offer.folder, offer.path)])
    return parseMessage(takeReplySchema, body, `The answer of ${service}`).hash ?? undefined
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watch.close()
    const connections = await Promise.allSettled(this.#connections.values())
    this.#connections.clear()
    await Promise.all(connections.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)))
  }

  #flush(service: string): void {
    const asked = this.#asked.get(service) ?? []
    this.#asked.delete(service)
    let group: Asked[] = []
    let weight = 0
    for (const one of asked) {
      if (group.length === FILES_PER_REQUEST || (group.length > 0 && weight + one.size > BYTES_PER_REQUEST)) {
        void this.#request(service, group)
        group = []
        weight = 0
      }
      group.push(one)
      weight += one.size
    }
    if (group.length > 0) void this.#request(service, group)
  }

  async #request(service: string, group: readonly Asked[]): Promise<void> {
    try {
      const files = group.map(({ wanted }) => wanted)
      const fids = files.map(({ fid }) => fid)
      const answer = await this.#ask(service, { type: 'files', files }, fids)
      this.#distribute(service, group, answer.body, answer.frames[0] ?? new Uint8Array())
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  #distribute(service: string, group: readonly Asked[], body: unknown, content: Uint8Array): void {
    const { active, results } = parseMessage(filesReplySchema, body, `The answer of ${service}`)
    this.#active.set(service, active)
    let offset = 0
    for (const [at, { resolve, reject }] of group.entries()) {
      const result = results[at]
      if (result === undefined) reject(new OnituError('PROTOCOL', `${service} gave too few files`))
      else if ('error' in result) reject(fromWireError(result.error))
      else {
        resolve(content.subarray(offset, offset + result.size))
        offset += result.size
      }
    }
  }

  /** The address is read again after a timeout: the service may have got another one. */
  async #ask(service: string, body: unknown, fids: readonly string[], signal?: AbortSignal): Promise<Answer> {
    const connection = this.#connect(service)
    const requester = await connection
    try {
      return await this.#watched(requester, body, fids, signal)
    } catch (error) {
      const isLost = isOnituError(error) && (error.code === 'REQUEST_TIMEOUT' || error.code === 'REQUEST_LOST')
      if (isLost && this.#connections.get(service) === connection) {
        this.#connections.delete(service)
        await requester.close()
      }
      throw error
    }
  }

  async #watched(requester: Requester, body: unknown, fids: readonly string[], signal?: AbortSignal): Promise<Answer> {
    signal?.throwIfAborted()
    const controller = new AbortController()
    const stop = () => controller.abort(signal?.reason)
    signal?.addEventListener('abort', stop)
    const ask = async () => {
      const answer = await requester.request({ type: 'reading', fids }, { timeout: PATIENCE })
      return parseMessage(readingReplySchema, answer.body, 'The answer').reading
    }
    const end = this.#watch.add({ ask, giveUp: (error) => controller.abort(error) })
    try {
      return await requester.request(body, { timeout: LONGEST, signal: controller.signal })
    } finally {
      end()
      signal?.removeEventListener('abort', stop)
    }
  }

  #connect(service: string): Promise<Requester> {
    const known = this.#connections.get(service)
    if (known !== undefined) return known
    const connection = this.#open(service)
    this.#connections.set(service, connection)
    connection.catch(() => this.#connections.delete(service))
    return connection
  }

  async #open(service: string): Promise<Requester> {
    if (this.#closed) throw new OnituError('CLOSED', 'The service is closing')
    const address = await this.#db.get(keys.port(`plug:${service}`), { default: undefined })
    if (typeof address !== 'string') {
      throw new ServiceError('SOURCE_GONE', `The service ${service} has not registered its address`)
    }
    return createRequester({ address })
  }
}
