import type {
  BatchOptions,
  BatchScope,
  Bounds,
  Condition,
  Database,
  DatabaseReader,
  Entry,
  GetOptions,
  Key,
  Operation,
  RangeOptions,
  WatchOptions,
  WriteOptions,
} from '@onitu/escalator'
import { OnituError } from '@onitu/protocol'

/** Has the hub do something with the part of the database that belongs to the driver. */
export type AskDatabase = (operation: string, args: readonly unknown[]) => Promise<unknown>

type Iteration = RangeOptions<Key> & { readonly rawKeys?: true }
type What = 'entries' | 'keys' | 'values'
/** `snapshot`: where the rest is to be read, when there is more. */
interface Page {
  readonly items: unknown[]
  readonly last: Key | null
  readonly snapshot: number | null
}

/** `plug.serviceDb` of a hosted driver. The hub confines it to what belongs to the service. */
export function hostedDatabase(ask: AskDatabase): Database {
  return databaseAt(ask, '')
}

function databaseAt(ask: AskDatabase, prefix: Key): Database {
  const at = (key: Key) => joinKeys(prefix, key)
  const batch = async (operations: readonly Operation<Key>[], { sync, conditions }: BatchOptions = {}) => {
    const writes = operations.map((operation) => ({ ...operation, key: at(operation.key) }))
    const wanted = conditions?.map((condition: Condition<Key>) => ({ ...condition, key: at(condition.key) }))
    await ask('batch', [writes, sync ?? false, wanted ?? null])
  }
  const database = {
    ...readerAt(ask, prefix, null),
    put: (key: Key, value: unknown, options: WriteOptions = {}) =>
      batch([{ type: 'put', key, value, raw: options.raw ?? false }], options),
    delete: (key: Key, options: WriteOptions = {}) => batch([{ type: 'delete', key }], options),
    batch,
    writeBatch: <T>(
      scope: (batch: BatchScope) => T | Promise<T>,
      options: BatchOptions & { readonly transaction?: boolean } = {},
    ) => writeScope(scope, options, batch),
    clear: (options: Bounds<Key> & { readonly sync?: boolean } = {}) =>
      ask('clear', [plainBounds(prefix, options), options.sync ?? false]),
    approximateSize: (start?: Key, stop?: Key) =>
      ask('approximateSize', [start === undefined ? null : at(start), stop === undefined ? null : at(stop)]),
    async snapshot() {
      const snapshot = Number(await ask('snapshot', []))
      const close = async () => void (await ask('snapshotEnd', [snapshot]))
      return {
        ...readerAt(ask, prefix, snapshot),
        prefixed: (part: Key) => readerAt(ask, at(part), snapshot),
        close,
        [Symbol.asyncDispose]: close,
      }
    },
    compactRange: () => refuse('compactRange'),
    property: () => refuse('property'),
    watch: (options: WatchOptions & { readonly rawKeys?: true } = {}) => watch(ask, prefix, options),
    prefixed: (part: Key) => databaseAt(ask, at(part)),
    prefixedDb: (part: Key) => databaseAt(ask, at(part)),
  }
  // The overloads of Database say by the options what comes out; here all of that is one function each.
  return database as unknown as Database
}

function readerAt(ask: AskDatabase, prefix: Key, snapshot: number | null) {
  const at = (keys: readonly Key[]) => keys.map((key) => joinKeys(prefix, key))
  const getMany = async (keys: readonly Key[], { raw }: { readonly raw?: boolean } = {}) =>
    ((await ask('getMany', [at(keys), raw ?? false, snapshot])) as [boolean, unknown][]).map(([found, value]) =>
      found ? value : undefined,
    )
  const existMany = (keys: readonly Key[]) => ask('existMany', [at(keys), snapshot]) as Promise<boolean[]>
  const iterate = (what: What) => (options?: Iteration) => rangeOf(ask, prefix, snapshot, what, options)
  const reader = {
    getMany,
    existMany,
    async get(key: Key, options: GetOptions<unknown> = {}) {
      const [found] = (await ask('getMany', [at([key]), options.raw ?? false, snapshot])) as [boolean, unknown][]
      if (found?.[0] === true) return found[1]
      if ('default' in options) return options.default
      throw new OnituError('KEY_NOT_FOUND', `The database has no key ${JSON.stringify(String(key))}`)
    },
    exists: async (key: Key) => (await existMany([key]))[0] === true,
    range: iterate('entries'),
    keys: iterate('keys'),
    values: iterate('values'),
    iterator: (options: Iteration = {}) => new HostedIterator(ask, prefix, snapshot, options),
  }
  return reader as unknown as DatabaseReader
}

function rangeOf(ask: AskDatabase, prefix: Key, snapshot: number | null, what: What, options: Iteration = {}) {
  const begin = () => pages(ask, prefix, snapshot, what, options)
  return {
    [Symbol.asyncIterator]: begin,
    async all() {
      const items: unknown[] = []
      for await (const item of begin()) items.push(item)
      return items
    },
  }
}

async function* pages(
  ask: AskDatabase,
  prefix: Key,
  given: number | null,
  what: What,
  options: Iteration,
): AsyncGenerator<unknown, void> {
  let snapshot = given
  let from: Key | null = null
  let left = options.limit ?? Number.MAX_SAFE_INTEGER
  try {
    while (left > 0) {
      const bounds = plainBounds(prefix, { ...options, limit: left })
      const page = (await ask('page', [bounds, what, options.raw ?? false, snapshot, from])) as Page
      snapshot = page.snapshot ?? snapshot
      left -= page.items.length
      for (const item of page.items) yield shown(item, what, prefix, options.rawKeys === true)
      if (page.snapshot === null && given === null) return
      if (page.last === null) return
      from = page.last
    }
  } finally {
    if (snapshot !== null && given === null) await ask('snapshotEnd', [snapshot])
  }
}

/** A range that can be moved: by beginning it anew elsewhere, in the same snapshot. */
class HostedIterator {
  readonly #ask: AskDatabase
  readonly #prefix: Key
  readonly #options: Iteration
  /** Made with the first step. */
  #snapshot: number | undefined
  readonly #isOwn: boolean
  #items: AsyncGenerator<unknown, void> | undefined
  #from: Key | undefined
  #closed = false

  constructor(ask: AskDatabase, prefix: Key, snapshot: number | null, options: Iteration) {
    this.#ask = ask
    this.#prefix = prefix
    this.#options = options
    this.#isOwn = snapshot === null
    this.#snapshot = snapshot ?? undefined
  }

  async next(): Promise<unknown> {
    if (this.#items === undefined) {
      const start =
        this.#from === undefined
          ? {}
          : this.#options.reverse === true
            ? { stop: this.#from, includeStop: true }
            : { start: this.#from, includeStart: true }
      const options = { ...this.#options, ...start }
      this.#snapshot ??= Number(await this.#ask('snapshot', []))
      this.#items = pages(this.#ask, this.#prefix, this.#snapshot, 'entries', options)
    }
    const { value } = await this.#items.next()
    return value ?? undefined
  }

  seek(key: Key): void {
    this.#from = key
    this.#items = undefined
  }

  async close(): Promise<void> {
    if (this.#closed || !this.#isOwn) return
    this.#closed = true
    if (this.#snapshot !== undefined) await this.#ask('snapshotEnd', [this.#snapshot])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void> {
    try {
      for (let entry = await this.next(); entry !== undefined; entry = await this.next()) yield entry
    } finally {
      await this.close()
    }
  }
}

async function* watch(
  ask: AskDatabase,
  prefix: Key,
  options: WatchOptions & { readonly rawKeys?: true },
): AsyncGenerator<unknown, void> {
  const { raw = false, from, signal } = options
  const whole = joinKeys(prefix, options.prefix ?? '')
  const id = await ask('watch', [whole, raw, from ?? null])
  try {
    while (!isAborted(signal)) {
      const events = (await ask('watchMore', [id])) as { readonly key?: Uint8Array }[]
      for (const { key, ...event } of events) {
        if (isAborted(signal)) return
        yield key === undefined ? event : { ...event, key: shownKey(key, prefix, options.rawKeys === true) }
      }
    }
  } finally {
    await ask('watchEnd', [id])
  }
}

/** A function, since the compiler believes that what was looked at once stays so. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted ?? false
}

async function writeScope<T>(
  scope: (batch: BatchScope) => T | Promise<T>,
  options: BatchOptions & { readonly transaction?: boolean },
  batch: (operations: readonly Operation<Key>[], options: BatchOptions) => Promise<void>,
): Promise<T> {
  const operations: Operation<Key>[] = []
  const collected: BatchScope = {
    put(key: Key, value: unknown, { raw = false }: { readonly raw?: boolean } = {}) {
      operations.push({ type: 'put', key, value, raw })
      return collected
    },
    delete(key: Key) {
      operations.push({ type: 'delete', key })
      return collected
    },
  }
  let result: T
  try {
    result = await scope(collected)
  } catch (error) {
    if (options.transaction !== true && operations.length > 0) await batch(operations, options)
    throw error
  }
  await batch(operations, options)
  return result
}

function plainBounds(prefix: Key, { start, stop, includeStart, includeStop, reverse, limit, ...own }: Bounds<Key>) {
  return {
    prefix: joinKeys(prefix, own.prefix ?? ''),
    ...(start === undefined ? {} : { start: joinKeys(prefix, start), includeStart: includeStart ?? true }),
    ...(stop === undefined ? {} : { stop: joinKeys(prefix, stop), includeStop: includeStop ?? false }),
    reverse: reverse ?? false,
    ...(limit === undefined ? {} : { limit }),
  }
}

function shown(item: unknown, what: What, prefix: Key, rawKeys: boolean): unknown {
  if (what === 'values') return item
  if (what === 'keys') return shownKey(item as Uint8Array, prefix, rawKeys)
  const [key, value] = item as Entry<unknown, Uint8Array>
  return [shownKey(key, prefix, rawKeys), value]
}

function shownKey(key: Uint8Array, prefix: Key, raw: boolean): Key {
  const own = key.subarray(Buffer.byteLength(prefix as string))
  return raw ? own : Buffer.from(own).toString()
}

function joinKeys(prefix: Key, key: Key): Key {
  if (typeof prefix === 'string' && typeof key === 'string') return prefix + key
  return Buffer.concat([Buffer.from(prefix as string), Buffer.from(key as string)])
}

async function refuse(name: string): Promise<never> {
  throw new OnituError('NOT_SUPPORTED', `A driver on another machine cannot use ${name} of the database of the hub`)
}
