import type {
  Bounds,
  Condition,
  Database,
  DatabaseReader,
  Key,
  Operation,
  Snapshot,
  WatchEvent,
} from '@onitu/escalator'
import { OnituError, parseRecord } from '@onitu/protocol'
import * as v from 'valibot'

/** Of one client, at the same time. */
const MAX_SNAPSHOTS = 64
const MAX_WATCHES = 16
const PAGE = 500
const MAX_KEYS = 10_000
/** ms that a client waits for the next event before it asks again. */
const WATCH_PATIENCE = 20_000

const key = v.union([v.pipe(v.string(), v.maxLength(64 * 1024)), v.instance(Uint8Array)])
const keyList = v.pipe(v.array(key), v.maxLength(MAX_KEYS))
const handle = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const inSnapshot = v.nullable(handle)
const operation = v.variant('type', [
  v.object({ type: v.literal('put'), key, value: v.unknown(), raw: v.optional(v.boolean(), false) }),
  v.object({ type: v.literal('delete'), key }),
])
const condition = v.union([
  v.object({ key, absent: v.literal(true) }),
  v.object({ key, equals: v.unknown(), raw: v.optional(v.boolean(), false) }),
])
const bounds = v.object({
  prefix: v.optional(key),
  start: v.optional(key),
  stop: v.optional(key),
  includeStart: v.optional(v.boolean()),
  includeStop: v.optional(v.boolean()),
  reverse: v.optional(v.boolean()),
  limit: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
})

const schemas = {
  getMany: v.strictTuple([keyList, v.boolean(), inSnapshot]),
  existMany: v.strictTuple([keyList, inSnapshot]),
  batch: v.strictTuple([
    v.pipe(v.array(operation), v.maxLength(MAX_KEYS)),
    v.boolean(),
    v.nullable(v.pipe(v.array(condition), v.maxLength(MAX_KEYS))),
  ]),
  clear: v.strictTuple([bounds, v.boolean()]),
  approximateSize: v.strictTuple([v.nullable(key), v.nullable(key)]),
  snapshot: v.strictTuple([]),
  snapshotEnd: v.strictTuple([handle]),
  page: v.strictTuple([bounds, v.picklist(['entries', 'keys', 'values']), v.boolean(), inSnapshot, v.nullable(key)]),
  watch: v.strictTuple([key, v.boolean(), v.nullable(v.string())]),
  watchMore: v.strictTuple([handle]),
  watchEnd: v.strictTuple([handle]),
}
type Operations = typeof schemas
type Arguments<N extends keyof Operations> = v.InferOutput<Operations[N]>

/**
 * The database of the driver, for a client. The database that it is given begins at the prefix of the driver, so that no key that
 * a client can name is outside.
 */
export class DatabaseCalls {
  readonly #database: () => Database
  #snapshots = new Map<number, Snapshot>()
  #watches = new Map<number, Watch>()
  #last = 0

  constructor(database: () => Database) {
    this.#database = database
  }

  /** @throws OnituError `NOT_SUPPORTED`, `INVALID_RECORD`, `TOO_MANY`, or what the database says */
  async answer(operation: string, args: unknown): Promise<unknown> {
    if (!Object.hasOwn(schemas, operation))
      throw new OnituError('NOT_SUPPORTED', `The database of a client has no operation ${JSON.stringify(operation)}`)
    const name = operation as keyof Operations
    const parsed: unknown = parseRecord(schemas[name], args, `The operation ${name}`)
    return this.#answers[name](parsed as never)
  }

  async close(): Promise<void> {
    const all = [...this.#snapshots.values(), ...this.#watches.values()]
    this.#snapshots.clear()
    this.#watches.clear()
    await Promise.all(all.map((one) => one.close()))
  }

  readonly #answers: { readonly [N in keyof Operations]: (args: Arguments<N>) => unknown } = {
    getMany: ([keys, raw, snapshot]) => this.#getMany(keys, raw, snapshot),
    existMany: ([keys, snapshot]) => this.#reader(snapshot).existMany(keys),
    batch: ([operations, sync, conditions]) =>
      this.#database().batch(operations as Operation<Key>[] as Operation[], {
        sync,
        ...(conditions === null ? {} : { conditions: conditions as Condition<Key>[] }),
      }),
    clear: ([within, sync]) => this.#database().clear({ ...(within as Bounds<Key>), sync } as Bounds),
    approximateSize: ([start, stop]) => this.#database().approximateSize(start ?? undefined, stop ?? undefined),
    snapshot: () => this.#openSnapshot(),
    snapshotEnd: ([snapshot]) => this.#endSnapshot(snapshot),
    page: (args) => this.#page(args),
    watch: ([prefix, raw, from]) => this.#watch(prefix, raw, from),
    watchMore: ([watch]) => this.#watches.get(watch)?.more() ?? [],
    watchEnd: async ([watch]) => {
      const known = this.#watches.get(watch)
      this.#watches.delete(watch)
      await known?.close()
    },
  }

  #reader(snapshot: number | null): DatabaseReader {
    if (snapshot === null) return this.#database()
    const known = this.#snapshots.get(snapshot)
    if (known === undefined) throw new OnituError('SNAPSHOT_GONE', 'The snapshot is closed', { retryable: true })
    return known
  }

  async #getMany(keys: readonly Key[], raw: boolean, snapshot: number | null): Promise<[boolean, unknown][]> {
    const values = await this.#reader(snapshot).getMany(keys, { raw })
    return values.map((value) => [value !== undefined, value ?? null])
  }

  async #openSnapshot(): Promise<number> {
    if (this.#snapshots.size >= MAX_SNAPSHOTS)
      throw new OnituError('TOO_MANY', `More than ${MAX_SNAPSHOTS} snapshots are open`, { retryable: true })
    const number = ++this.#last
    this.#snapshots.set(number, await this.#database().snapshot())
    return number
  }

  async #endSnapshot(number: number): Promise<void> {
    const snapshot = this.#snapshots.get(number)
    this.#snapshots.delete(number)
    await snapshot?.close()
  }

  /** A part of a range: behind `from` where that is given. What is more than one page is read from a snapshot. */
  async #page([within, what, raw, given, from]: Arguments<'page'>): Promise<unknown> {
    const limit = Math.min(within.limit ?? Number.POSITIVE_INFINITY, PAGE)
    const isWhole = given !== null || (within.limit ?? Number.POSITIVE_INFINITY) <= PAGE
    const snapshot = given ?? (isWhole ? null : await this.#openSnapshot())
    const entries = await this.#reader(snapshot)
      .range({ ...behind(within as Bounds<Key>, from), limit, raw, rawKeys: true } as Bounds & { rawKeys: true })
      .all()
    const last = entries.length < limit || entries.length === 0 ? null : (entries.at(-1)?.[0] ?? null)
    if (last === null && given === null && snapshot !== null) await this.#endSnapshot(snapshot)
    const items = entries.map(([entryKey, value]) =>
      what === 'keys' ? entryKey : what === 'values' ? value : [entryKey, value],
    )
    return { items, last, snapshot: last === null ? null : snapshot }
  }

  #watch(prefix: Key, raw: boolean, from: string | null): number {
    if (this.#watches.size >= MAX_WATCHES)
      throw new OnituError('TOO_MANY', `More than ${MAX_WATCHES} watches are open`, { retryable: true })
    const number = ++this.#last
    this.#watches.set(number, new Watch(this.#database(), prefix, raw, from))
    return number
  }
}

function behind(within: Bounds<Key>, from: Key | null): Bounds<Key> {
  if (from === null) return within
  return within.reverse === true
    ? { ...within, stop: from, includeStop: false }
    : { ...within, start: from, includeStart: false }
}

type Event = WatchEvent<unknown, Uint8Array>

/** A watch of which the events are asked for. */
class Watch {
  readonly #events: AsyncIterableIterator<Event>
  readonly #abort = new AbortController()
  #next: Promise<IteratorResult<Event>> | undefined

  constructor(database: Database, prefix: Key, raw: boolean, from: string | null) {
    this.#events = database.watch({
      prefix,
      raw,
      rawKeys: true,
      signal: this.#abort.signal,
      ...(from === null ? {} : { from }),
    })
  }

  /** The next event; none when there is none for some time. */
  async more(): Promise<Event[]> {
    this.#next ??= this.#events.next()
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), WATCH_PATIENCE)
    })
    try {
      const result = await Promise.race([this.#next, patience])
      if (result === undefined) return []
      this.#next = undefined
      return result.done === true ? [] : [result.value]
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    this.#abort.abort(new OnituError('CLOSED', 'The watch was closed'))
    await Promise.allSettled([this.#next])
  }
}
