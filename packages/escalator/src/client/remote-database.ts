import type {
  BatchOptions,
  BatchScope,
  CallOptions,
  ClearOptions,
  Database,
  Operation,
  RawKeys,
  ScopeOptions,
  Snapshot,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../database.ts'
import { ConditionFailedError } from '../errors.ts'
import { joinKeys, type Key, keyBytes } from '../wire/key.ts'
import { packWrites, type Stored } from '../wire/write-list.ts'
import type { Channel } from './channel.ts'
import { encodeValue } from './encode-value.ts'
import { prefixEnd, rangeBounds } from './range-bounds.ts'
import { type ReaderOptions, RemoteReader, wholeKey } from './remote-reader.ts'
import { takeSnapshot } from './remote-snapshot.ts'
import { watchChanges } from './watch.ts'
import { createToEvent } from './watch-event.ts'

/** A database of a server, or the part of it under `prefix`. Holds nothing but names, so it outlives the server's restarts. */
export function createRemoteDatabase<D>(channel: Channel, name: string, prefix: Key): Database<D> {
  return new RemoteDatabase({ channel, database: name, prefix })
}

const NOTHING = new Uint8Array()
/** Behind every key that anybody uses: LevelDB wants a key where there is no bound. */
const LAST_KEY = new Uint8Array(64).fill(0xff)

class RemoteDatabase extends RemoteReader implements Database {
  #channel: Channel
  #database: string
  #prefix: Key

  constructor(options: ReaderOptions) {
    super(options)
    this.#channel = options.channel
    this.#database = options.database
    this.#prefix = options.prefix
  }

  async put(key: Key, value: unknown, { raw, sync, ...call }: WriteOptions = {}): Promise<void> {
    await this.#write([wholeKey(this.#prefix, key)], [encodeValue(value, raw)], sync, call)
  }

  async delete(key: Key, { sync, ...call }: WriteOptions = {}): Promise<void> {
    await this.#write([wholeKey(this.#prefix, key)], [null], sync, call)
  }

  async batch(
    operations: readonly Operation<Key>[],
    { sync, conditions = [], ...call }: BatchOptions = {},
  ): Promise<void> {
    const keys: Key[] = []
    const values: Stored[] = []
    for (const operation of operations) {
      keys.push(wholeKey(this.#prefix, operation.key))
      values.push(operation.type === 'put' ? encodeValue(operation.value, operation.raw) : null)
    }
    const expected = conditions.map((condition) =>
      'equals' in condition ? encodeValue(condition.equals, condition.raw) : null,
    )
    const compared = packWrites({ keys: conditions.map(({ key }) => wholeKey(this.#prefix, key)), values: expected })
    const failed = await this.#write(keys, values, sync, call, compared)
    const condition = typeof failed === 'number' ? conditions[failed] : undefined
    if (condition !== undefined) throw new ConditionFailedError(condition.key, conditions.indexOf(condition))
  }

  async writeBatch<T>(
    scope: (batch: BatchScope) => T | Promise<T>,
    { transaction = false, ...options }: ScopeOptions = {},
  ): Promise<T> {
    const operations: Operation<Key>[] = []
    const collector = createCollector(operations)
    let result: T
    try {
      result = await scope(collector)
    } catch (error) {
      if (!transaction) await this.batch(operations, options)
      throw error
    }
    await this.batch(operations, options)
    return result
  }

  async clear({ sync = false, signal, timeout, ...options }: ClearOptions<Key> = {}): Promise<number> {
    const { reverse = false, limit = -1 } = options
    const bounds = { ...rangeBounds(this.#prefix, options), reverse, limit }
    const call = { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeout }) }
    return Number(await this.#channel.write(['clear', this.#database, bounds, null, sync], call))
  }

  snapshot(options?: CallOptions): Promise<Snapshot> {
    return takeSnapshot({ channel: this.#channel, database: this.#database, prefix: this.#prefix }, options)
  }

  async approximateSize(start: Key = '', stop?: Key, options?: CallOptions): Promise<number> {
    return Number(await this.#channel.read(['approximateSize', this.#database, ...this.#between(start, stop)], options))
  }

  async compactRange(start: Key = '', stop?: Key, options?: CallOptions): Promise<void> {
    // Once more does no harm.
    await this.#channel.read(['compactRange', this.#database, ...this.#between(start, stop)], options)
  }

  async property(name: string, options?: CallOptions): Promise<string> {
    return String(await this.#channel.read(['property', this.#database, name], options))
  }

  watch<V = unknown>(options: WatchOptions & RawKeys): AsyncIterableIterator<WatchEvent<V, Uint8Array>>
  watch<V = unknown>(options?: WatchOptions): AsyncIterableIterator<WatchEvent<V>>
  watch({
    prefix = '',
    from,
    signal,
    ...forms
  }: WatchOptions & Partial<RawKeys> = {}): AsyncIterableIterator<WatchEvent<unknown, Key>> {
    return watchChanges({
      channel: this.#channel,
      database: this.#database,
      prefix: wholeKey(this.#prefix, prefix),
      from,
      signal,
      toEvent: createToEvent(keyBytes(this.#prefix).byteLength, forms),
    })
  }

  prefixed<E>(prefix: Key): Database<E> {
    return createRemoteDatabase<E>(this.#channel, this.#database, joinKeys(this.#prefix, prefix))
  }

  prefixedDb<E>(prefix: Key): Database<E> {
    return this.prefixed<E>(prefix)
  }

  #between(start: Key, stop: Key | undefined): [Key, Key] {
    return [
      wholeKey(this.#prefix, start),
      stop === undefined ? (prefixEnd(this.#prefix) ?? LAST_KEY) : wholeKey(this.#prefix, stop),
    ]
  }

  #write(
    keys: readonly Key[],
    values: readonly Stored[],
    sync: boolean | undefined,
    call: CallOptions,
    conditions: Uint8Array = NOTHING,
  ): Promise<unknown> {
    if (keys.length === 0 && conditions.byteLength === 0) return Promise.resolve(null)
    return this.#channel.write(['batch', this.#database, packWrites({ keys, values }), conditions, sync === true], call)
  }
}

function createCollector(operations: Operation<Key>[]): BatchScope {
  return {
    put(key, value, { raw = false } = {}) {
      operations.push({ type: 'put', key, value, raw })
      return this
    },
    delete(key) {
      operations.push({ type: 'delete', key })
      return this
    },
  }
}
