import { OnituError } from '@onitu/protocol'
import { afterMicrotasks } from '../messaging/after-microtasks.ts'
import { type Cursor, openCursor } from './cursor.ts'
import type { Level } from './open-level.ts'
import type { RangeRequest, Stored, StoreRequest } from './parse-request.ts'
import { keysToRead, planRun, type RunPlan, type RunRequest, runLength } from './plan-run.ts'

/** One database. Requests take effect in the order in which they were submitted. */
export interface Store {
  submit(request: RunRequest): Promise<unknown>
  range(request: RangeRequest): Promise<Cursor>
  /** Finishes what was submitted. May be called twice. */
  close(): Promise<void>
}

export function createStore(level: Level): Store {
  return new LevelStore(level)
}

interface Waiting<R> {
  readonly request: R
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A run writes about this much at most, so that one fsync or one compaction does not hold up too many. */
const RUN_WEIGHT = 8 * 1024 * 1024

/**
 * Up to so many keys are read on the spot: from the caches a read takes a few microseconds, and giving it to a thread
 * and waking up again takes longer than the reads of a whole tick.
 */
const SYNCHRONOUS_READS = 128

class LevelStore implements Store {
  #level: Level
  #queue: Waiting<StoreRequest>[] = []
  #working: Promise<void> | undefined
  #closed = false

  constructor(level: Level) {
    this.#level = level
  }

  submit(request: RunRequest): Promise<unknown> {
    return this.#enqueue(request)
  }

  async range(request: RangeRequest): Promise<Cursor> {
    // Only the range branch of #openRanges answers a range request, and it answers with a cursor.
    return (await this.#enqueue(request)) as Cursor
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#working
    await this.#level.close()
  }

  #enqueue(request: StoreRequest): Promise<unknown> {
    if (this.#closed)
      return Promise.reject(new OnituError('DATABASE_CLOSED', 'The database is being closed', { retryable: true }))
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  async #work(): Promise<void> {
    // Everything that has arrived by now makes one run.
    await new Promise<void>(afterMicrotasks)
    while (this.#queue.length > 0) {
      const length = runLength(
        this.#queue.map(({ request }) => request),
        RUN_WEIGHT,
      )
      await this.#run(this.#openRanges(this.#queue.splice(0, length)))
    }
    this.#working = undefined
  }

  /** Opens the ranges of a run, before anything of it is written; gives the rest. */
  #openRanges(run: readonly Waiting<StoreRequest>[]): Waiting<RunRequest>[] {
    const rest: Waiting<RunRequest>[] = []
    for (const { request, resolve, reject } of run) {
      if (request.type !== 'range') {
        rest.push({ request, resolve, reject })
        continue
      }
      try {
        resolve(openCursor(this.#level, request))
      } catch (error) {
        reject(error)
      }
    }
    return rest
  }

  async #run(run: readonly Waiting<RunRequest>[]): Promise<void> {
    if (run.length === 0) return
    const requests = run.map(({ request }) => request)
    let plan: RunPlan
    try {
      plan = planRun(requests, await this.#read(keysToRead(requests)))
    } catch (error) {
      for (const { reject } of run) reject(error)
      return
    }
    answer(run, plan, false)
    try {
      await this.#write(plan.writes, plan.sync)
      answer(run, plan, true)
    } catch (error) {
      for (const [index, { reject }] of run.entries()) if (plan.outcomes[index]?.afterWrite) reject(error)
    }
  }

  async #read(keys: string[]): Promise<Map<string, Uint8Array>> {
    const stored = new Map<string, Uint8Array>()
    if (keys.length === 0) return stored
    const values =
      keys.length > SYNCHRONOUS_READS ? await this.#level.getMany(keys) : keys.map((key) => this.#level.getSync(key))
    for (const [index, key] of keys.entries()) {
      const value = values[index]
      if (value !== undefined) stored.set(key, value)
    }
    return stored
  }

  async #write(writes: ReadonlyMap<string, Stored>, sync: boolean): Promise<void> {
    if (writes.size === 0) return
    const batch = this.#level.batch()
    for (const [key, value] of writes) {
      if (value === null) batch.del(key)
      else batch.put(key, value)
    }
    await batch.write({ sync })
  }
}

function answer(run: readonly Waiting<RunRequest>[], { outcomes }: RunPlan, afterWrite: boolean): void {
  for (const [index, { resolve }] of run.entries()) {
    const outcome = outcomes[index]
    if (outcome?.afterWrite === afterWrite) resolve(outcome.body)
  }
}
