import { OnituError } from '@onitu/protocol'
import type {
  BatchOptions,
  BatchScope,
  CallOptions,
  Database,
  Entry,
  GetOptions,
  Operation,
  Range,
  RangeOptions,
  ReadOptions,
  ScopeOptions,
  WriteOptions,
} from '../database.ts'
import { ConditionFailedError, KeyNotFoundError } from '../errors.ts'
import type { Channel } from './channel.ts'
import { decodeValue } from './decode-value.ts'
import { checkKey, encodeValue } from './encode-value.ts'
import { createPagedRange } from './paged-range.ts'
import { rangeBounds } from './range-bounds.ts'

/** A database of a server, or the part of it under `prefix`. Holds nothing but names, so it outlives the server's restarts. */
export function createRemoteDatabase(channel: Channel, name: string, prefix: string): Database {
  return new RemoteDatabase(channel, name, prefix)
}

class RemoteDatabase implements Database {
  #channel: Channel
  #name: string
  #prefix: string

  constructor(channel: Channel, name: string, prefix: string) {
    this.#channel = channel
    this.#name = name
    this.#prefix = checkKey(prefix)
  }

  get<V = unknown>(key: string, options?: GetOptions<never>): Promise<V>
  get<V, D>(key: string, options: GetOptions<D> & { readonly default: D }): Promise<V | D>
  async get(key: string, options: GetOptions<unknown> = {}): Promise<unknown> {
    const stored = await this.#channel.read(['get', this.#name, this.#whole(key)], options)
    if (stored !== null) return decodeValue(checkBytes(stored), options.raw)
    if ('default' in options) return options.default
    throw new KeyNotFoundError(key)
  }

  async getMany<V = unknown>(keys: readonly string[], options: ReadOptions = {}): Promise<(V | undefined)[]> {
    const body = ['getMany', this.#name, keys.map((key) => this.#whole(key))]
    const stored = checkArray(await this.#channel.read(body, options))
    return stored.map((value) => {
      // The type of a stored value is the caller's claim, as with every database.
      return value === null ? undefined : (decodeValue(checkBytes(value), options.raw) as V)
    })
  }

  async exists(key: string, options?: CallOptions): Promise<boolean> {
    return (await this.#channel.read(['exists', this.#name, this.#whole(key)], options)) === true
  }

  async put(key: string, value: unknown, { raw, sync, ...call }: WriteOptions = {}): Promise<void> {
    await this.#write([this.#whole(key), encodeValue(value, raw)], [], sync, call)
  }

  async delete(key: string, { sync, ...call }: WriteOptions = {}): Promise<void> {
    await this.#write([this.#whole(key), null], [], sync, call)
  }

  range<V = unknown>(options: RangeOptions = {}): Range<Entry<V>> {
    return this.#range(options, { keys: true, values: true }, (entries) => {
      const items: Entry<V>[] = []
      for (let at = 0; at < entries.length; at += 2) {
        const value = decodeValue(checkBytes(entries[at + 1]), options.raw)
        items.push([this.#own(entries[at]), value as V])
      }
      return items
    })
  }

  keys(options: RangeOptions = {}): Range<string> {
    return this.#range(options, { keys: true, values: false }, (entries) => entries.map((key) => this.#own(key)))
  }

  values<V = unknown>(options: RangeOptions = {}): Range<V> {
    return this.#range(options, { keys: false, values: true }, (entries) =>
      entries.map((value) => decodeValue(checkBytes(value), options.raw) as V),
    )
  }

  async batch(operations: readonly Operation[], { sync, conditions = [], ...call }: BatchOptions = {}): Promise<void> {
    const writes: (string | Uint8Array | null)[] = []
    for (const operation of operations) {
      const value = operation.type === 'put' ? encodeValue(operation.value, operation.raw) : null
      writes.push(this.#whole(operation.key), value)
    }
    const expected: (string | Uint8Array | null)[] = []
    for (const condition of conditions) {
      const value = 'equals' in condition ? encodeValue(condition.equals, condition.raw) : null
      expected.push(this.#whole(condition.key), value)
    }
    await this.#write(writes, expected, sync, call)
  }

  async writeBatch<T>(
    scope: (batch: BatchScope) => T | Promise<T>,
    { transaction = false, ...options }: ScopeOptions = {},
  ): Promise<T> {
    const operations: Operation[] = []
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

  prefixed(prefix: string): Database {
    return new RemoteDatabase(this.#channel, this.#name, this.#prefix + prefix)
  }

  async #write(
    writes: readonly (string | Uint8Array | null)[],
    conditions: readonly (string | Uint8Array | null)[],
    sync: boolean | undefined,
    call: CallOptions,
  ): Promise<void> {
    if (writes.length === 0 && conditions.length === 0) return
    const failed = await this.#channel.write(['batch', this.#name, writes, conditions, sync === true], call)
    if (typeof failed !== 'number') return
    throw new ConditionFailedError(this.#own(conditions[failed * 2]), failed)
  }

  #range<T>(
    options: RangeOptions,
    parts: { readonly keys: boolean; readonly values: boolean },
    toItems: (entries: readonly unknown[]) => T[],
  ): Range<T> {
    const { reverse = false, limit = -1, signal, timeout } = options
    const bounds = rangeBounds(this.#prefix, options)
    return createPagedRange({
      channel: this.#channel,
      open: ['range', this.#name, { ...bounds, ...parts, reverse, limit }],
      toItems,
      call: { ...(signal === undefined ? {} : { signal }), ...(timeout === undefined ? {} : { timeout }) },
    })
  }

  #whole(key: string): string {
    return this.#prefix + checkKey(key)
  }

  #own(key: unknown): string {
    if (typeof key === 'string') return key.slice(this.#prefix.length)
    throw unexpected('a key', key)
  }
}

function createCollector(operations: Operation[]): BatchScope {
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
