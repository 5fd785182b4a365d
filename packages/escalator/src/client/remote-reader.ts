import { OnituError } from '@onitu/protocol'
import type {
  CallOptions,
  DatabaseIterator,
  DatabaseReader,
  Entry,
  GetOptions,
  Range,
  RangeOptions,
  RawKeys,
  ReadOptions,
} from '../database.ts'
import { KeyNotFoundError } from '../errors.ts'
import { joinKeys, type Key, keyBytes } from '../wire/key.ts'
import type { Page } from '../wire/page.ts'
import type { Channel } from './channel.ts'
import { copyBytes, decodeValue } from './decode-value.ts'
import { checkKey } from './encode-value.ts'
import { rangeBounds } from './range-bounds.ts'
import { openRemoteCursor, type RemoteCursor } from './remote-cursor.ts'
import { createRemoteIterator, createRemoteRange, type TakeItem } from './remote-range.ts'

export interface ReaderOptions {
  readonly channel: Channel
  readonly database: string
  readonly prefix: Key
  /** The number of the snapshot to read from. */
  readonly snapshot?: number
}

interface Parts {
  readonly keys: boolean
  readonly values: boolean
  readonly seekable?: boolean
}

const ENTRIES: Parts = { keys: true, values: true }
const KEYS: Parts = { keys: true, values: false }
const VALUES: Parts = { keys: false, values: true }

/** Reads a database, or the part of one under a prefix, as it is or as it was at a snapshot. Holds nothing but names. */
export class RemoteReader implements DatabaseReader {
  #channel: Channel
  #database: string
  #prefix: Key
  #snapshot: number | undefined
  #prefixBytes: number

  constructor({ channel, database, prefix, snapshot }: ReaderOptions) {
    this.#channel = channel
    this.#database = database
    this.#prefix = checkKey(prefix)
    this.#snapshot = snapshot
    this.#prefixBytes = keyBytes(prefix).byteLength
  }

  get<V = unknown>(key: Key, options?: GetOptions<never>): Promise<V>
  get<V, E>(key: Key, options: GetOptions<E> & { readonly default: E }): Promise<V | E>
  async get(key: Key, options: GetOptions<unknown> = {}): Promise<unknown> {
    const stored = await this.#read('get', wholeKey(this.#prefix, key), options)
    if (stored !== null) return decodeValue(checkBytes(stored), options.raw)
    if ('default' in options) return options.default
    throw new KeyNotFoundError(key)
  }

  async getMany<V = unknown>(keys: readonly Key[], options: ReadOptions = {}): Promise<(V | undefined)[]> {
    const stored = checkArray(await this.#readMany('getMany', keys, options))
    return stored.map((value) => {
      // The type of a stored value is the caller's claim, as with every database.
      return value === null ? undefined : (decodeValue(checkBytes(value), options.raw) as V)
    })
  }

  async exists(key: Key, options?: CallOptions): Promise<boolean> {
    return (await this.#read('exists', wholeKey(this.#prefix, key), options)) === true
  }

  async existMany(keys: readonly Key[], options?: CallOptions): Promise<boolean[]> {
    return checkArray(await this.#readMany('existMany', keys, options)).map((exists) => exists === true)
  }

  range<V = unknown>(options: RangeOptions<Key> & RawKeys): Range<Entry<V, Uint8Array>>
  range<V = unknown>(options?: RangeOptions<Key>): Range<Entry<V>>
  range(options: RangeOptions<Key> & Partial<RawKeys> = {}): Range<Entry<unknown, Key>> {
    return this.#range(options, ENTRIES, this.#takeEntry(options))
  }

  keys(options: RangeOptions<Key> & RawKeys): Range<Uint8Array>
  keys(options?: RangeOptions<Key>): Range<string>
  keys(options: RangeOptions<Key> & Partial<RawKeys> = {}): Range<Key> {
    return this.#range(options, KEYS, this.#takeKey(options))
  }

  values<V = unknown>(options: RangeOptions<Key> = {}): Range<V> {
    return this.#range(options, VALUES, (page, index) => decodeValue(page.value(index), options.raw) as V)
  }

  iterator<V = unknown>(options: RangeOptions<Key> & RawKeys): DatabaseIterator<Entry<V, Uint8Array>>
  iterator<V = unknown>(options?: RangeOptions<Key>): DatabaseIterator<Entry<V>>
  iterator(options: RangeOptions<Key> & Partial<RawKeys> = {}): DatabaseIterator<Entry<unknown, Key>> {
    const cursor = this.#open(options, { ...ENTRIES, seekable: true })
    return createRemoteIterator(cursor, this.#takeEntry(options), (key) => wholeKey(this.#prefix, key))
  }

  #read(operation: string, key: Key, options?: CallOptions): Promise<unknown> {
    const body = [operation, this.#database, key]
    return this.#channel.read(this.#snapshot === undefined ? body : [...body, this.#snapshot], options)
  }

  #readMany(operation: string, keys: readonly Key[], options?: CallOptions): Promise<unknown> {
    const body = [operation, this.#database, keys.map((key) => wholeKey(this.#prefix, key))]
    return this.#channel.read(this.#snapshot === undefined ? body : [...body, this.#snapshot], options)
  }

  #range<T>(options: RangeOptions<Key>, parts: Parts, take: TakeItem<T>): Range<T> {
    return createRemoteRange(() => this.#open(options, parts), take)
  }

  #open(options: RangeOptions<Key>, parts: Parts): RemoteCursor {
    const { reverse = false, limit = -1, signal, timeout } = options
    return openRemoteCursor({
      channel: this.#channel,
      database: this.#database,
      range: { ...rangeBounds(this.#prefix, options), ...parts, reverse, limit },
      snapshot: this.#snapshot,
      call: { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeout }) },
    })
  }

  #takeKey({ rawKeys }: Partial<RawKeys>): TakeItem<Key> {
    const skip = this.#prefixBytes
    // Copied: a view would keep its whole page in memory.
    if (rawKeys === true) return (page, index) => copyBytes(page.key(index).subarray(skip))
    return (page, index) => page.keyText(index, skip)
  }

  #takeEntry(options: RangeOptions<Key> & Partial<RawKeys>): TakeItem<Entry<unknown, Key>> {
    const takeKey = this.#takeKey(options)
    const { raw } = options
    return (page: Page, index) => [takeKey(page, index), decodeValue(page.value(index), raw)]
  }
}

/** The key as it is stored. @throws TypeError */
export function wholeKey(prefix: Key, key: Key): Key {
  checkKey(key)
  return prefix.length === 0 ? key : joinKeys(prefix, key)
}

function checkBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw unexpected('a value as bytes', value)
}

function checkArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw unexpected('an array', value)
}

function unexpected(what: string, value: unknown): OnituError {
  return new OnituError('PROTOCOL', `Expected ${what} from the server, got ${typeof value}`)
}
