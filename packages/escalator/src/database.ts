import type { Key } from './wire/key.ts'

export type { Key }

/** A key-value pair, or a part of it, as a range yields it. */
export type Entry<V = unknown, K = string> = [key: K, value: V]

export interface CallOptions {
  /** Stops waiting; the operation itself may still happen. */
  readonly signal?: AbortSignal
  /** Deadline in ms. Default: that of the client (10,000). */
  readonly timeout?: number
}

export interface ReadOptions extends CallOptions {
  /** Give the stored bytes, as a Uint8Array that may be part of a larger buffer, instead of the decoded msgpack value. Default false. */
  readonly raw?: boolean
}

export interface GetOptions<D> extends ReadOptions {
  /** Given back when the key is absent. Without it an absent key is a `KeyNotFoundError`. */
  readonly default?: D
}

export interface WriteOptions extends CallOptions {
  /** Values are bytes and stored as they are, instead of msgpack. Default false. */
  readonly raw?: boolean
  /** The write is on disk (fsync) before it is acknowledged. Default false: it survives a killed process, not a power cut. */
  readonly sync?: boolean
}

export type Operation<K extends Key = string, V = unknown> =
  | { readonly type: 'put'; readonly key: K; readonly value: V; readonly raw?: false }
  | { readonly type: 'put'; readonly key: K; readonly value: V | Uint8Array; readonly raw: boolean }
  | { readonly type: 'delete'; readonly key: K }

/** Compared with what is stored, byte by byte, before a conditional batch writes anything. */
export type Condition<K extends Key = string> =
  | { readonly key: K; readonly equals: unknown; readonly raw?: boolean }
  | { readonly key: K; readonly absent: true }

export interface BatchOptions extends CallOptions {
  readonly sync?: boolean
  /** All must hold, else nothing is written and the call fails with `ConditionFailedError`. */
  readonly conditions?: readonly Condition<Key>[]
}

export interface Bounds<K extends Key = string> {
  readonly prefix?: K
  readonly start?: K
  readonly stop?: K
  /** Default true. */
  readonly includeStart?: boolean
  /** Default false. */
  readonly includeStop?: boolean
  readonly reverse?: boolean
  /** Most entries to give. Default: no limit. */
  readonly limit?: number
}

export interface RangeOptions<K extends Key = string> extends Bounds<K>, ReadOptions {}

/** The keys as they are stored, for those that are not UTF-8. */
export interface RawKeys {
  readonly rawKeys: true
}

export interface ClearOptions<K extends Key = string> extends Bounds<K>, CallOptions {
  readonly sync?: boolean
}

/**
 * A lazy sequence in key order (of bytes), over the state at the moment the iteration began. It is fetched page by
 * page while it is consumed, and each entry is decoded when it is its turn; leaving the loop frees what the server
 * holds for it.
 */
export interface Range<T> extends AsyncIterable<T> {
  /** Everything as one array. */
  all(): Promise<T[]>
}

/** A range that is read step by step and can be moved. It shows the state at the moment it was made. */
export interface DatabaseIterator<T> extends AsyncIterable<T>, AsyncDisposable {
  /** Undefined at the end, and from then on until it is moved. */
  next(): Promise<T | undefined>
  /** Goes on at this key, or at the next one in its direction. It stays within the bounds of the range. */
  seek(key: Key): void
  /** Frees what the server holds for it. May be called twice. */
  close(): Promise<void>
}

/** Collects writes; they are sent together and take effect together, or not at all. */
export interface BatchScope<D = unknown> {
  put(key: Key, value: D, options?: { readonly raw?: false }): this
  put(key: Key, value: D | Uint8Array, options: { readonly raw: boolean }): this
  delete(key: Key): this
}

export interface ScopeOptions extends BatchOptions {
  /** After a throw inside the scope: true writes nothing, false (plyvel's default) writes what was collected. */
  readonly transaction?: boolean
}

/**
 * What can be read: from a database as it is, or from a snapshot. `D` is the caller's claim of what its values are,
 * `V` that of a single call.
 */
export interface DatabaseReader<D = unknown> {
  get<V = D>(key: Key, options?: GetOptions<never>): Promise<V>
  get<V = D, E = undefined>(key: Key, options: GetOptions<E> & { readonly default: E }): Promise<V | E>
  /** In the order of `keys`, in one request; undefined where absent. */
  getMany<V = D>(keys: readonly Key[], options?: ReadOptions): Promise<(V | undefined)[]>
  exists(key: Key, options?: CallOptions): Promise<boolean>
  /** In the order of `keys`, in one request. */
  existMany(keys: readonly Key[], options?: CallOptions): Promise<boolean[]>
  range<V = D>(options: RangeOptions<Key> & RawKeys): Range<Entry<V, Uint8Array>>
  range<V = D>(options?: RangeOptions<Key>): Range<Entry<V>>
  keys(options: RangeOptions<Key> & RawKeys): Range<Uint8Array>
  keys(options?: RangeOptions<Key>): Range<string>
  values<V = D>(options?: RangeOptions<Key>): Range<V>
  iterator<V = D>(options: RangeOptions<Key> & RawKeys): DatabaseIterator<Entry<V, Uint8Array>>
  iterator<V = D>(options?: RangeOptions<Key>): DatabaseIterator<Entry<V>>
}

/**
 * The state of a database at one moment. The server keeps it until it is closed, the connection is lost or nobody
 * used it for 5 minutes; then it fails with `SnapshotGoneError`.
 */
export interface Snapshot<D = unknown> extends DatabaseReader<D>, AsyncDisposable {
  /** The part of it under `prefix`. It is closed with the whole. */
  prefixed<E = D>(prefix: Key): DatabaseReader<E>
  /** May be called twice. */
  close(): Promise<void>
}

export interface WatchOptions extends Pick<CallOptions, 'signal'> {
  /** Only keys that begin with it. Default: all. */
  readonly prefix?: Key
  /** The `position` of an event that was dealt with: what was committed behind it follows. Default: from now on. */
  readonly from?: string
  /** Give the stored bytes instead of the decoded msgpack value. Default false. */
  readonly raw?: boolean
}

/**
 * A change, or `rescan`: what was committed up to this `position` is not told, so read the range that is watched.
 * `position` is where to resume behind this event, also in another process.
 */
export type WatchEvent<V = unknown, K extends Key = string> =
  | { readonly type: 'put'; readonly key: K; readonly value: V; readonly position: string }
  | { readonly type: 'delete'; readonly key: K; readonly position: string }
  | { readonly type: 'rescan'; readonly position: string }

/**
 * A database, or the part of one under a prefix. Keys are compared by their bytes; a string stands for its UTF-8
 * bytes. The engine (Referee, Plug) sees only this interface, so that a simulation can give it one in memory.
 *
 * Calls are multiplexed and may complete out of order, but take effect in the order in which they were made.
 * An operation whose outcome cannot be known (the server went away after it was sent) fails with a retryable error.
 */
export interface Database<D = unknown> extends DatabaseReader<D> {
  put(key: Key, value: D, options?: WriteOptions & { readonly raw?: false }): Promise<void>
  put(key: Key, value: D | Uint8Array, options: WriteOptions): Promise<void>
  delete(key: Key, options?: WriteOptions): Promise<void>
  /** Atomic. */
  batch(operations: readonly Operation<Key, D>[], options?: BatchOptions): Promise<void>
  /** Atomic: what `scope` collects is written when it ends. Gives what `scope` gave. */
  writeBatch<T>(scope: (batch: BatchScope<D>) => T | Promise<T>, options?: ScopeOptions): Promise<T>
  /**
   * Deletes what is in the range, on the server, and gives how many entries that were. Up to 10,000 entries go at
   * once; of more, several batches are made: what is written meanwhile stays.
   */
  clear(options?: ClearOptions<Key>): Promise<number>
  /** The state of now, after all calls that were made before. */
  snapshot(options?: CallOptions): Promise<Snapshot<D>>
  /** About how many bytes of files the keys from `start` (default: the first) to before `stop` (default: behind the last) take. */
  approximateSize(start?: Key, stop?: Key, options?: CallOptions): Promise<number>
  /** Has LevelDB tidy up the files of this range. It may take long: mind the deadline. */
  compactRange(start?: Key, stop?: Key, options?: CallOptions): Promise<void>
  /** What LevelDB tells about itself, such as `leveldb.stats`; empty for a name that it does not know. */
  property(name: string, options?: CallOptions): Promise<string>
  /**
   * What is committed, in that order; each write of a batch is an event. The first event is `rescan` unless `from` is
   * given. It comes again whenever changes were missed: when `from` is older than what the server remembers (16 MiB of
   * changes), or of a time before the server was started. A connection that is lost is waited for, without a deadline;
   * leave the loop or abort the signal to end it. A slow loop holds up nobody.
   */
  watch<V = D>(options: WatchOptions & RawKeys): AsyncIterableIterator<WatchEvent<V, Uint8Array>>
  watch<V = D>(options?: WatchOptions): AsyncIterableIterator<WatchEvent<V>>
  /** The part of this database under `prefix`; keys in and out are without it. */
  prefixed<E = D>(prefix: Key): Database<E>
  /** plyvel's name for `prefixed`. */
  prefixedDb<E = D>(prefix: Key): Database<E>
}
