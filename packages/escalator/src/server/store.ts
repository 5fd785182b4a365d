import { OnituError } from '@onitu/protocol'
import { afterMicrotasks } from '../messaging/after-microtasks.ts'
import type { Key } from '../wire/key.ts'
import type { WriteList } from '../wire/write-list.ts'
import { ATOMIC_CLEAR, type Clearing, createClearing } from './clear-range.ts'
import { Committer } from './committer.ts'
import { type Cursor, openCursor } from './cursor.ts'
import type { Gate } from './gate.ts'
import type { Level, LevelSnapshot } from './open-level.ts'
import type { ClearRequest, InquiryRequest, RangeRequest, ReadRequest } from './parse-request.ts'
import type { WatchRequest } from './parse-watch.ts'
import {
  aheadLength,
  answerMany,
  type Barrier,
  keysToRead,
  planRun,
  type RunPlan,
  type RunRequest,
  runLength,
} from './plan-run.ts'
import { createReadingForms } from './reading-forms.ts'
import { aheadLimits, runLimits } from './run-limits.ts'
import { createWatching, type WatchAnswer, type Watching, type WatchingOptions } from './watching.ts'

/** One database. Requests take effect in the order in which they were submitted, but for what reads from a snapshot. */
export interface Store {
  /** How many it was asked. */
  readonly requests: number
  submit(request: RunRequest): Promise<unknown>
  range(request: RangeRequest, snapshot?: LevelSnapshot): Promise<Cursor>
  snapshot(): Promise<LevelSnapshot>
  /** Gives how many entries it deleted: at once up to 10,000, beyond that in several batches. */
  clear(request: ClearRequest, snapshot?: LevelSnapshot): Promise<number>
  /** What the snapshot holds. */
  readAt(snapshot: LevelSnapshot, request: ReadRequest): Promise<unknown>
  inquire(request: InquiryRequest): Promise<unknown>
  /** What was committed behind a position; waits for it. */
  watch(request: WatchRequest): Promise<WatchAnswer>
  /** How many wait for changes. */
  readonly watches: number
  /** Finishes what was submitted. May be called twice. */
  close(): Promise<void>
}

/** `reading` is shared by the ranges of all stores. */
export function createStore(level: Level, reading: Gate, watching?: WatchingOptions): Store {
  return new LevelStore(level, reading, createWatching(watching))
}

interface Waiting<R> {
  readonly request: R
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Up to so many keys are read on the spot: from the caches a read takes a few microseconds, and giving it to a thread
 * and waking up again takes longer than the reads of a whole tick.
 */
const SYNCHRONOUS_READS = 128
const TEXT_KEY = { keyEncoding: 'utf8', valueEncoding: 'view' }
const BYTES_KEY = { keyEncoding: 'view', valueEncoding: 'view' }

class LevelStore implements Store {
  requests = 0
  #level: Level
  #queue: Waiting<RunRequest | Barrier>[] = []
  #working: Promise<void> | undefined
  #forms = createReadingForms()
  #clearings = new Set<Clearing>()
  #reading: Gate
  #watching: Watching
  #committer: Committer
  #preparing = false
  #exclusive = false
  #closed = false

  constructor(level: Level, reading: Gate, watching: Watching) {
    this.#level = level
    this.#reading = reading
    this.#watching = watching
    this.#committer = new Committer({
      level,
      written: (lists) => this.#written(lists),
      begun: () => {
        if (this.#queue.length > 0) this.#prepareSoon()
      },
    })
  }

  submit(request: RunRequest): Promise<unknown> {
    return this.#enqueue(request)
  }

  async range(request: RangeRequest, snapshot?: LevelSnapshot): Promise<Cursor> {
    const open = () => openCursor({ level: this.#level, request, snapshot, forms: this.#forms, reading: this.#reading })
    return snapshot === undefined ? this.#between('opens', open) : open()
  }

  snapshot(): Promise<LevelSnapshot> {
    return this.#between('opens', () => this.#level.snapshot())
  }

  async clear(request: ClearRequest, snapshot?: LevelSnapshot): Promise<number> {
    let clearing: Clearing | undefined
    // The first part opens it, so that a clear that is not large takes its turn like any other write.
    const clearSome = async () => {
      clearing ??= createClearing(this.#level, request, snapshot)
      return this.#clearSome(clearing, request.sync)
    }
    try {
      let cleared = 0
      for (;;) {
        const count = await this.#between('alone', clearSome)
        cleared += count
        if (count < ATOMIC_CLEAR) return cleared
      }
    } finally {
      if (clearing !== undefined) {
        this.#clearings.delete(clearing)
        await clearing.close()
      }
    }
  }

  async readAt(snapshot: LevelSnapshot, request: ReadRequest): Promise<unknown> {
    this.requests++
    if (!('keys' in request)) {
      const value = this.#level.getSync(request.key, { ...keyOptions(request.key), snapshot })
      return request.type === 'get' ? (value ?? null) : value !== undefined
    }
    const values = await this.#level.getMany([...request.keys], { ...BYTES_KEY, snapshot })
    return answerMany(request.type, values)
  }

  async inquire(request: InquiryRequest): Promise<unknown> {
    this.requests++
    switch (request.type) {
      case 'approximateSize':
        return this.#level.approximateSize(request.start, request.stop)
      case 'compactRange':
        await this.#level.compactRange(request.start, request.stop)
        return null
      case 'property':
        return this.#level.getProperty(request.name)
    }
  }

  watch(request: WatchRequest): Promise<WatchAnswer> {
    return this.#watching.watch(request)
  }

  get watches(): number {
    return this.#watching.size
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watching.close()
    await this.#working
    await this.#level.close()
  }

  /** The answer is what `begin` gives. */
  #between<T>(type: Barrier['type'], begin: () => T): Promise<Awaited<T>> {
    return this.#enqueue({ type, begin }) as Promise<Awaited<T>>
  }

  #enqueue(request: RunRequest | Barrier): Promise<unknown> {
    this.requests++
    if (this.#closed)
      return Promise.reject(new OnituError('DATABASE_CLOSED', 'The database is being closed', { retryable: true }))
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject })
      this.#working ??= this.#work()
      if (this.#committer.active) this.#prepareSoon()
    })
  }

  async #work(): Promise<void> {
    // Everything that has arrived by now makes one run.
    await new Promise<void>(afterMicrotasks)
    for (let idle = true; this.#queue.length > 0; idle = false) {
      const length = runLength(this.#queue, runLimits(this.#queue.length, idle))
      await this.#run(await this.#passBarriers(this.#queue.splice(0, length)))
      if (this.#queue.length > 0) await new Promise<void>(afterMicrotasks)
    }
    this.#working = undefined
  }

  /** Begins what stands between the runs, before anything of this one is written; gives the rest. */
  async #passBarriers(run: readonly Waiting<RunRequest | Barrier>[]): Promise<Waiting<RunRequest>[]> {
    const rest: Waiting<RunRequest>[] = []
    for (const { request, resolve, reject } of run) {
      if (!isBarrier(request)) {
        rest.push({ request, resolve, reject })
        continue
      }
      try {
        const begun = request.begin()
        resolve(begun)
        if (request.type === 'alone') await this.#alone(begun)
      } catch (error) {
        reject(error)
      }
    }
    return rest
  }

  /** Nothing is written behind it before it is over. */
  async #alone(begun: unknown): Promise<void> {
    this.#exclusive = true
    try {
      await begun
    } finally {
      this.#exclusive = false
    }
  }

  async #run(run: readonly Waiting<RunRequest>[]): Promise<void> {
    if (run.length === 0 || this.#answerGets(run)) return
    const requests = run.map(({ request }) => request)
    let plan: RunPlan
    try {
      plan = planRun(requests, await this.#read(keysToRead(requests)))
    } catch (error) {
      for (const { reject } of run) reject(error)
      return
    }
    answer(run, plan, false)
    if (plan.writes.length === 0) return
    await this.#committer.commit({
      lists: plan.writes,
      sync: plan.sync,
      committed: () => answer(run, plan, true),
      failed(error) {
        for (const [index, { reject }] of run.entries()) if (plan.outcomes[index]?.afterWrite) reject(error)
      },
    })
  }

  /** When this turn has answered what it can, and read all that has come. */
  #prepareSoon(): void {
    if (this.#preparing) return
    this.#preparing = true
    setImmediate(() => {
      this.#preparing = false
      this.#prepare()
    })
  }

  /** What only writes can follow the write that is under way at once: nobody has to look at what that one stores. */
  #prepare(): void {
    if (!this.#committer.active || this.#exclusive) return
    const { ahead } = this.#committer
    const limits = aheadLimits(ahead.requests + this.#queue.length)
    const run = this.#queue.splice(0, aheadLength(this.#queue, ahead, limits))
    const requests = run.flatMap(({ request }) => (request.type === 'batch' ? [request] : []))
    if (requests.length === 0) return
    this.#committer.add({
      lists: requests.map(({ writes }) => writes),
      sync: requests.some(({ sync }) => sync),
      committed() {
        for (const { resolve } of run) resolve(null)
      },
      failed(error) {
        for (const { reject } of run) reject(error)
      },
    })
  }

  /** What is asked most needs no plan: nothing is written, and each answer is one look. False for any other run. */
  #answerGets(run: readonly Waiting<RunRequest>[]): boolean {
    if (!run.every(({ request }) => request.type === 'get')) return false
    for (const { request, resolve, reject } of run) {
      if (request.type !== 'get') continue
      try {
        resolve(this.#level.getSync(request.key, keyOptions(request.key)) ?? null)
      } catch (error) {
        reject(error)
      }
    }
    return true
  }

  async #read(keys: ReadonlyMap<string, Key>): Promise<Map<string, Uint8Array>> {
    const stored = new Map<string, Uint8Array>()
    if (keys.size <= SYNCHRONOUS_READS) {
      for (const [id, key] of keys) {
        const value = this.#level.getSync(key, keyOptions(key))
        if (value !== undefined) stored.set(id, value)
      }
      return stored
    }
    const all = [...keys.values()]
    const texts = all.every((key) => typeof key === 'string')
    const values = await this.#level.getMany(all, texts ? TEXT_KEY : BYTES_KEY)
    for (const [index, id] of [...keys.keys()].entries()) {
      const value = values[index]
      if (value !== undefined) stored.set(id, value)
    }
    return stored
  }

  #written(lists: readonly WriteList[]): void {
    for (const clearing of this.#clearings) clearing.written(lists)
    this.#watching.written(lists)
  }

  async #clearSome(clearing: Clearing, sync: boolean): Promise<number> {
    const keys = await clearing.next()
    const deletions = clearing.deletions(keys)
    // To itself it is no news.
    this.#clearings.delete(clearing)
    try {
      await new Promise<void>((committed, failed) => {
        void this.#committer.commit({ lists: [deletions], sync, committed, failed })
      })
    } finally {
      this.#clearings.add(clearing)
    }
    return keys.length
  }
}

function isBarrier(request: RunRequest | Barrier): request is Barrier {
  return request.type === 'opens' || request.type === 'alone'
}

function keyOptions(key: Key): typeof TEXT_KEY {
  return typeof key === 'string' ? TEXT_KEY : BYTES_KEY
}

function answer(run: readonly Waiting<RunRequest>[], { outcomes }: RunPlan, afterWrite: boolean): void {
  for (const [index, { resolve }] of run.entries()) {
    const outcome = outcomes[index]
    if (outcome?.afterWrite === afterWrite) resolve(outcome.body)
  }
}
