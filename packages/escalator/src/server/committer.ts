import type { WriteList } from '../wire/write-list.ts'
import type { Level } from './open-level.ts'
import type { RunLimits } from './plan-run.ts'

/** What is to be written together, and who is to be told. */
export interface Writes {
  /** In order, for a key may be written more than once. */
  readonly lists: readonly WriteList[]
  readonly sync: boolean
  committed(): void
  failed(error: unknown): void
}

export interface CommitterOptions {
  readonly level: Level
  /** What was committed just now, in order, before anybody is told. */
  readonly written: (lists: readonly WriteList[]) => void
  /** A write has begun: now is the time to add what goes behind it. */
  readonly begun: () => void
}

/**
 * Writes to LevelDB, one batch after the other: commits keep the order of the requests. While one is written, the next
 * is filled, and it is handed over before anybody is answered, so that LevelDB's thread waits for neither.
 */
export class Committer {
  #options: CommitterOptions
  #next: Batch | undefined
  #active = false

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  /** A write is under way, so more can be added behind it. */
  get active(): boolean {
    return this.#active
  }

  /** How much has been added to what goes next. */
  get ahead(): RunLimits {
    return { requests: this.#next?.lists.length ?? 0, weight: this.#next?.weight ?? 0 }
  }

  /** Behind the write that is under way. */
  add(writes: Writes): void {
    this.#next ??= new Batch(this.#options.level)
    this.#next.add(writes)
  }

  /** Resolves when this, and all that was added meanwhile, is committed or has failed. Never rejects. */
  async commit(writes: Writes): Promise<void> {
    this.#active = true
    this.add(writes)
    for (let current = this.#begin(); current !== undefined; ) {
      const problem = await current.done
      const next = this.#begin()
      if (problem === undefined) this.#options.written(current.lists)
      current.tell(problem)
      current = next
    }
    this.#active = false
  }

  #begin(): Batch | undefined {
    const batch = this.#next
    this.#next = undefined
    batch?.begin()
    if (batch !== undefined) this.#options.begun()
    return batch
  }
}

interface Problem {
  readonly error: unknown
}

/** One LevelDB batch: all of it, or nothing. */
class Batch {
  readonly lists: WriteList[] = []
  /** Bytes, about. */
  weight = 0
  done: Promise<Problem | undefined> = Promise.resolve(undefined)
  #batch: ReturnType<Level['batch']>
  #all: Writes[] = []
  #sync = false
  #problem: Problem | undefined

  constructor(level: Level) {
    this.#batch = level.batch()
  }

  add(writes: Writes): void {
    this.#all.push(writes)
    this.#sync ||= writes.sync
    try {
      for (const list of writes.lists) this.#put(list)
    } catch (error) {
      // Nobody knows how much of it is in the batch.
      this.#problem ??= { error }
    }
  }

  begin(): void {
    if (this.#problem !== undefined) this.done = Promise.resolve(this.#problem)
    else
      this.done = this.#batch.write({ sync: this.#sync }).then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
  }

  tell(problem: Problem | undefined): void {
    for (const writes of this.#all) {
      if (problem === undefined) writes.committed()
      else writes.failed(problem.error)
    }
  }

  #put(list: WriteList): void {
    const { keys, values } = list
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] ?? ''
      const value = values[index] ?? null
      this.weight += key.length + (value?.byteLength ?? 0)
      if (value === null) this.#batch.del(key)
      else this.#batch.put(key, value)
    }
    this.lists.push(list)
  }
}
