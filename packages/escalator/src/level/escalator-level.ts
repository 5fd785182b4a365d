import { OnituError } from '@onitu/protocol'
import { type AbstractDatabaseOptions, AbstractLevel } from 'abstract-level'
import { type Channel, createChannel } from '../client/channel.ts'
import { openRemoteCursor, type RemoteCursor } from '../client/remote-cursor.ts'
import type { CurveClientOptions } from '../messaging/curve-client.ts'
import { createRequester, type Requester } from '../messaging/requester.ts'
import type { Key } from '../wire/key.ts'
import { packWrites, type Stored } from '../wire/write-list.ts'
import { type Format, type Formatted, fromBytes, toBytes, toKey } from './formats.ts'
import { type IteratorOptions, LevelIterator, LevelKeyIterator, LevelValueIterator } from './level-iterators.ts'
import { LevelSnapshot } from './level-snapshot.ts'

export interface EscalatorLevelOptions<K, V> extends AbstractDatabaseOptions<K, V> {
  /** Its name on the server. Default `default`. */
  readonly database?: string
  /** Make the database if it is missing. Default true. */
  readonly createIfMissing?: boolean
  /** Opening fails when the database exists. Default false. */
  readonly errorIfExists?: boolean
  /** Deadline of each call in ms. Default 10,000. */
  readonly timeout?: number
  /** Keys, for a server at a tcp address that has them. */
  readonly curve?: CurveClientOptions
}

const MANIFEST = {
  encodings: { buffer: true, utf8: true, view: true },
  implicitSnapshots: true,
  explicitSnapshots: true,
  seek: true,
  has: true,
  createIfMissing: true,
  errorIfExists: true,
  permanence: true,
  // A socket is never read while JavaScript waits.
  getSync: false,
  additionalMethods: { approximateSize: true, compactRange: true, property: true },
}

const DEFAULT_TIMEOUT = 10_000
const NOTHING = new Uint8Array()

interface ReadOptions {
  readonly valueEncoding: Format
  readonly snapshot?: unknown
}
interface WriteOptions {
  readonly sync?: boolean
}
interface RangeOptions extends IteratorOptions {
  readonly gt?: Formatted
  readonly gte?: Formatted
  readonly lt?: Formatted
  readonly lte?: Formatted
  readonly reverse: boolean
  readonly limit: number
  readonly snapshot?: unknown
}
type LevelOperation =
  | { readonly type: 'put'; readonly key: Formatted; readonly value: Formatted }
  | { readonly type: 'del'; readonly key: Formatted }

/**
 * A database of an Escalator server, by the interface of the Level ecosystem. The connection is made again by itself
 * whenever it is lost; reads are then asked again, writes fail with `OUTCOME_UNKNOWN`, and iterators and snapshots are
 * gone (`RANGE_INTERRUPTED`, `SNAPSHOT_GONE`).
 */
export class EscalatorLevel<KDefault = string, VDefault = string> extends AbstractLevel<
  string | Buffer | Uint8Array,
  KDefault,
  VDefault
> {
  readonly address: string
  #database: string
  #timeout: number
  #curve: CurveClientOptions | undefined
  #connection: { readonly requester: Requester; readonly channel: Channel } | undefined

  constructor(address: string, options: EscalatorLevelOptions<KDefault, VDefault> = {}) {
    if (typeof address !== 'string' || address === '') {
      throw new TypeError(`Expected the address of a server such as ipc:///tmp/escalator, got ${typeof address}`)
    }
    const { database = 'default', timeout = DEFAULT_TIMEOUT, curve, ...forward } = options
    super(MANIFEST, forward)
    this.address = address
    this.#database = database
    this.#timeout = timeout
    this.#curve = curve
  }

  /** About how many bytes of files the keys from `start` to before `end` take. */
  async approximateSize(start: KDefault, end: KDefault): Promise<number> {
    if (this.status === 'opening') return this.deferAsync(() => this.approximateSize(start, end))
    return Number(await this.#channel().read(['approximateSize', this.#database, ...this.#encoded(start, end)]))
  }

  /** Has LevelDB tidy up the files of this range. */
  async compactRange(start: KDefault, end: KDefault): Promise<void> {
    if (this.status === 'opening') return this.deferAsync(() => this.compactRange(start, end))
    await this.#channel().read(['compactRange', this.#database, ...this.#encoded(start, end)])
  }

  /** What LevelDB tells about itself, such as `leveldb.stats`; empty for a name that it does not know. */
  async property(name: string): Promise<string> {
    if (this.status === 'opening') return this.deferAsync(() => this.property(name))
    return String(await this.#channel().read(['property', this.#database, name]))
  }

  async _open({ createIfMissing, errorIfExists }: { createIfMissing: boolean; errorIfExists: boolean }): Promise<void> {
    const curve = this.#curve === undefined ? {} : { curve: this.#curve }
    const requester = createRequester({ address: this.address, timeout: this.#timeout, ...curve })
    const channel = createChannel(requester, this.#timeout)
    const request = ['open', this.#database, createIfMissing, errorIfExists]
    try {
      // Opening twice is opening once, but not where it has to be new.
      await (errorIfExists ? channel.write(request) : channel.read(request))
    } catch (error) {
      await requester.close()
      throw error
    }
    this.#connection = { requester, channel }
  }

  async _close(): Promise<void> {
    await this.#connection?.requester.close()
    this.#connection = undefined
  }

  async _get(key: Formatted, { valueEncoding, snapshot }: ReadOptions): Promise<Formatted | undefined> {
    return fromStored(await this.#read('get', toKey(key), snapshot), valueEncoding)
  }

  async _getMany(keys: Formatted[], { valueEncoding, snapshot }: ReadOptions): Promise<(Formatted | undefined)[]> {
    const stored = checkArray(await this.#read('getMany', keys.map(toKey), snapshot))
    return stored.map((value) => fromStored(value, valueEncoding))
  }

  async _has(key: Formatted, { snapshot }: ReadOptions): Promise<boolean> {
    return (await this.#read('exists', toKey(key), snapshot)) === true
  }

  async _hasMany(keys: Formatted[], { snapshot }: ReadOptions): Promise<boolean[]> {
    return checkArray(await this.#read('existMany', keys.map(toKey), snapshot)).map((exists) => exists === true)
  }

  _put(key: Formatted, value: Formatted, options: WriteOptions): Promise<void> {
    return this.#write([toKey(key)], [toBytes(value)], options)
  }

  _del(key: Formatted, options: WriteOptions): Promise<void> {
    return this.#write([toKey(key)], [null], options)
  }

  _batch(operations: LevelOperation[], options: WriteOptions): Promise<void> {
    const keys = operations.map(({ key }) => toKey(key))
    const values = operations.map((operation) => (operation.type === 'put' ? toBytes(operation.value) : null))
    return this.#write(keys, values, options)
  }

  async _clear(options: RangeOptions & WriteOptions): Promise<void> {
    const { snapshot, sync = false } = options
    const request = ['clear', this.#database, boundsOf(options), numberOf(snapshot), sync]
    await this.#channel().write(request)
  }

  _iterator(options: RangeOptions): LevelIterator<this> {
    return new LevelIterator(this, options, this.#cursor(options, options.keys !== false, options.values !== false))
  }

  _keys(options: RangeOptions): LevelKeyIterator<this> {
    return new LevelKeyIterator(this, options, this.#cursor(options, true, false))
  }

  _values(options: RangeOptions): LevelValueIterator<this> {
    return new LevelValueIterator(this, options, this.#cursor(options, false, true))
  }

  _snapshot(options: object): LevelSnapshot {
    return new LevelSnapshot(options, this.#channel(), this.#database)
  }

  #cursor(options: RangeOptions, keys: boolean, values: boolean): RemoteCursor {
    return openRemoteCursor({
      channel: this.#channel(),
      database: this.#database,
      range: { ...boundsOf(options), keys, values, seekable: true },
      snapshot: numberOf(options.snapshot) ?? undefined,
      call: {},
    })
  }

  #read(operation: string, target: Key | Key[], snapshot: unknown): Promise<unknown> {
    const number = numberOf(snapshot)
    const body = [operation, this.#database, target]
    return this.#channel().read(number === null ? body : [...body, number])
  }

  async #write(keys: Key[], values: Stored[], { sync = false }: WriteOptions): Promise<void> {
    await this.#channel().write(['batch', this.#database, packWrites({ keys, values }), NOTHING, sync])
  }

  #encoded(start: KDefault, end: KDefault): [Key, Key] {
    const encoding = this.keyEncoding()
    return [toKey(encoding.encode(start)), toKey(encoding.encode(end))]
  }

  #channel(): Channel {
    if (this.#connection !== undefined) return this.#connection.channel
    throw new OnituError('LEVEL_DATABASE_NOT_OPEN', `The database ${this.#database} of ${this.address} is not open`)
  }
}

function boundsOf({ gt, gte, lt, lte, reverse, limit }: RangeOptions): Record<string, unknown> {
  const bounds = Object.entries({ gt, gte, lt, lte }).filter(([, key]) => key !== undefined)
  return { ...Object.fromEntries(bounds.map(([name, key]) => [name, toKey(key ?? '')])), reverse, limit }
}

function numberOf(snapshot: unknown): number | null {
  if (snapshot === undefined || snapshot === null) return null
  if (snapshot instanceof LevelSnapshot) return snapshot.number
  throw new TypeError('Expected a snapshot of this database, got something else')
}

function fromStored(stored: unknown, format: Format): Formatted | undefined {
  if (stored === null) return undefined
  if (stored instanceof Uint8Array)
    return fromBytes(Buffer.from(stored.buffer, stored.byteOffset, stored.length), format)
  throw new OnituError('PROTOCOL', `Expected a value as bytes from the server, got ${typeof stored}`)
}

function checkArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new OnituError('PROTOCOL', `Expected an array from the server, got ${typeof value}`)
}
