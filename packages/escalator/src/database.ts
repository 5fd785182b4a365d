/** A key-value pair, or a part of it, as a range yields it. */
export type Entry<V = unknown> = [key: string, value: V]

export interface CallOptions {
  /** Stops waiting; the operation itself may still happen. */
  readonly signal?: AbortSignal
  /** Deadline in ms. Default: that of the client (10,000). */
  readonly timeout?: number
}

export interface ReadOptions extends CallOptions {
  /** Give the stored bytes instead of the decoded msgpack value. Default false. */
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

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown; readonly raw?: boolean }
  | { readonly type: 'delete'; readonly key: string }

/** Compared with what is stored, byte by byte, before a conditional batch writes anything. */
export type Condition =
  | { readonly key: string; readonly equals: unknown; readonly raw?: boolean }
  | { readonly key: string; readonly absent: true }

export interface BatchOptions extends CallOptions {
  readonly sync?: boolean
  /** All must hold, else nothing is written and the call fails with `ConditionFailedError`. */
  readonly conditions?: readonly Condition[]
}

export interface RangeOptions extends ReadOptions {
  readonly prefix?: string
  readonly start?: string
  readonly stop?: string
  /** Default true. */
  readonly includeStart?: boolean
  /** Default false. */
  readonly includeStop?: boolean
  readonly reverse?: boolean
  /** Most entries to give. Default: no limit. */
  readonly limit?: number
}

/**
 * A lazy sequence in key order (of UTF-8 bytes), over the state at the moment the iteration began. It is fetched page
 * by page while it is consumed; leaving the loop frees what the server holds for it.
 */
export interface Range<T> extends AsyncIterable<T> {
  /** Everything as one array. */
  all(): Promise<T[]>
}

/** Collects writes; they are sent together and take effect together, or not at all. */
export interface BatchScope {
  put(key: string, value: unknown, options?: { readonly raw?: boolean }): this
  delete(key: string): this
}

export interface ScopeOptions extends BatchOptions {
  /** After a throw inside the scope: true writes nothing, false (plyvel's default) writes what was collected. */
  readonly transaction?: boolean
}

/**
 * A database, or the part of one under a prefix. Keys are strings, compared as UTF-8 bytes. The engine (Referee, Plug)
 * sees only this interface, so that a simulation can give it one in memory.
 *
 * Calls are multiplexed and may complete out of order, but take effect in the order in which they were made.
 * An operation whose outcome cannot be known (the server went away after it was sent) fails with a retryable error.
 */
export interface Database {
  get<V = unknown>(key: string, options?: GetOptions<never>): Promise<V>
  get<V, D>(key: string, options: GetOptions<D> & { readonly default: D }): Promise<V | D>
  /** In the order of `keys`; undefined where absent. */
  getMany<V = unknown>(keys: readonly string[], options?: ReadOptions): Promise<(V | undefined)[]>
  exists(key: string, options?: CallOptions): Promise<boolean>
  put(key: string, value: unknown, options?: WriteOptions): Promise<void>
  delete(key: string, options?: WriteOptions): Promise<void>
  range<V = unknown>(options?: RangeOptions): Range<Entry<V>>
  keys(options?: RangeOptions): Range<string>
  values<V = unknown>(options?: RangeOptions): Range<V>
  /** Atomic. */
  batch(operations: readonly Operation[], options?: BatchOptions): Promise<void>
  /** Atomic: what `scope` collects is written when it ends. Gives what `scope` gave. */
  writeBatch<T>(scope: (batch: BatchScope) => T | Promise<T>, options?: ScopeOptions): Promise<T>
  /** The part of this database under `prefix`; keys in and out are without it. */
  prefixed(prefix: string): Database
}
