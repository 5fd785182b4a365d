import {
  CONTROL_DIRECTORY,
  ConflictError,
  DriverError,
  type DriverPlug,
  type OnituError,
  pathProblem,
  ServiceError,
  type ServiceFolder,
} from '@onitu/plug'
import { reconcileKnown } from '@onitu/plug/kit'
import { Bucket } from './client/bucket.ts'
import type { S3Client } from './client/s3-client.ts'
import type { Conditions } from './conditions.ts'
import { ObjectListing } from './listing/object-listing.ts'
import { Unsettled } from './unsettled.ts'

const MARKER = `${CONTROL_DIRECTORY}/folder`
/** Bytes of a key, everywhere. */
const LONGEST_KEY = 1024

/** A folder of this service: a bucket, or what is below a prefix in one. */
export class Folder {
  readonly name: string
  readonly bucket: Bucket
  /** Empty, or ending in `/`. */
  readonly prefix: string
  readonly listing: ObjectListing
  /** What the Plug has been told: token by path. */
  readonly index = new Map<string, string>()
  /** Objects that were met in another state than the known one, about which no listing is believed: it may leave them out, or show what they were, for long. */
  readonly doubted = new Set<string>()
  readonly unsettled = new Unsettled()
  readonly #place: ServiceFolder
  readonly #plug: DriverPlug
  readonly #conditions: Conditions
  #known: boolean
  #isLoaded = false
  /** Why it cannot be reached; `undefined`: it can; `unknown`: nobody has looked yet. */
  #problem: OnituError | undefined | 'unknown' = 'unknown'
  /** State of the marker that was seen to be the right one. */
  #identified: string | undefined
  #time = 0
  readonly #written = new Map<string, number>()

  constructor(place: ServiceFolder, plug: DriverPlug, client: S3Client, conditions: Conditions) {
    const [bucket = '', ...rest] = place.path.replace(/^\/+|\/+$/g, '').split('/')
    this.name = place.name
    this.prefix = rest.length === 0 ? '' : `${rest.join('/')}/`
    this.bucket = new Bucket(client, bucket)
    this.listing = new ObjectListing((start) => this.bucket.listPage(this.prefix, start))
    this.#place = place
    this.#plug = plug
    this.#conditions = conditions
    this.#known = place.known
  }

  get isAvailable(): boolean {
    return this.#problem === undefined
  }

  /** @throws DriverError when the service cannot hold the path */
  key(path: string): string {
    const problem = pathProblem(path)
    if (problem !== undefined) throw new DriverError('INVALID_PATH', `The path ${JSON.stringify(path)} ${problem}`)
    const key = `${this.prefix}${path}`
    const length = Buffer.byteLength(key)
    if (length <= LONGEST_KEY) return key
    throw new DriverError(
      'NOT_HELD',
      `The key of ${JSON.stringify(path)} would have ${length} bytes, and S3 holds ${LONGEST_KEY}`,
    )
  }

  /**
   * The marker says which folder this is. It is made the first time; afterwards a folder without it may be another one, or emptied, and then
   * nothing is written and nothing counts as deleted. @throws ServiceError
   */
  async requireMarker(): Promise<void> {
    const key = `${this.prefix}${MARKER}`
    const { identity } = this.#place
    const found = await this.bucket.head(key)
    if (found === undefined && this.#known) {
      throw new ServiceError(
        'UNAVAILABLE',
        `The folder ${this.#place.path} has lost its marker ${MARKER}: it may be another one, or emptied. If it is right as it is, put an empty object there`,
      )
    }
    if (found !== undefined && found.size > 0) await this.#requireIdentity(key, found.etag)
    else await this.bucket.put(key, Buffer.from(identity), {})
    if (this.#place.mode !== 'r')
      await this.#conditions.ask((headers) => this.bucket.put(key, Buffer.from(identity), headers))
  }

  /** Nothing is written to a folder that may be another one. @throws OnituError that says why it cannot be reached */
  requireAvailable(): void {
    if (this.#problem === undefined) return
    throw this.#problem === 'unknown'
      ? new ServiceError('UNAVAILABLE', `${this.name} was not looked at yet`)
      : this.#problem
  }

  /** What is known may be wrong: the Plug is asked. */
  async reload(): Promise<void> {
    const listed = new Map<string, string>()
    for await (const { path, token } of this.#plug.list(this.name)) listed.set(path, token)
    const known = this.#isLoaded ? reconcileKnown(this.index, listed) : listed
    this.index.clear()
    for (const [path, token] of known) this.index.set(path, token)
    this.#isLoaded = true
  }

  async available(): Promise<void> {
    if (this.isAvailable) return
    await this.reload()
    await this.#plug.setAvailable(this.name, true)
    this.#problem = undefined
    this.#known = true
  }

  async unavailable(error: OnituError): Promise<void> {
    const isNews = this.isAvailable || this.#problem === 'unknown'
    if (isNews) this.#plug.logger.warn(`The folder ${this.name} cannot be reached: ${error.message}`)
    this.#problem = error
    await this.#plug.setAvailable(this.name, false, error.message)
  }

  /** Later than everything that was written so far. */
  now(): number {
    return ++this.#time
  }

  /** While this driver writes a path, and after that, a listing that began before says nothing about it. */
  async writing<T extends { readonly token: string } | undefined>(path: string, work: () => Promise<T>): Promise<T> {
    this.requireAvailable()
    this.#written.set(path, Number.POSITIVE_INFINITY)
    try {
      const stored = await this.doubting(path, work)
      if (stored === undefined) this.index.delete(path)
      else this.index.set(path, stored.token)
      return stored
    } finally {
      this.#written.set(path, this.now())
    }
  }

  /** A conflict shows that the object is in another state than the listing has said. */
  async doubting<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ConflictError) this.doubted.add(path)
      throw error
    }
  }

  wasWrittenSince(path: string, time: number): boolean {
    return (this.#written.get(path) ?? 0) > time
  }

  forgetWritten(before: number): void {
    for (const [path, at] of this.#written) if (at <= before) this.#written.delete(path)
  }

  /** Read once in each state. */
  async #requireIdentity(key: string, etag: string): Promise<void> {
    if (this.#identified === etag) return
    const { body } = await this.bucket.get(key, etag, undefined, undefined)
    const found = body.toString('utf8').trim()
    if (found === this.#place.identity) {
      this.#identified = etag
      return
    }
    throw new ServiceError(
      'UNAVAILABLE',
      `${this.#place.path} belongs to another Onitu folder (${MARKER} holds ${JSON.stringify(found.slice(0, 200))}). Remove that object to use it for this one`,
    )
  }
}
