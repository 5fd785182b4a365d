import type { Clock } from './engine.ts'

/** Most that is taken together. */
const BATCH = 1_000
/** What is ready is taken when it is this share of what is on its way: few batches while much is to come, small ones at the end, when nothing else goes on meanwhile. */
const SHARE = 1 / 3
/** Fewer wait for more in any case; and so many never wait. */
const FEW = 64
const MANY = 512
/** ms that what is ready waits at most for what is on its way. */
const PATIENCE = 500

/**
 * Gathers what gets ready one by one, to be dealt with together, one batch after the other. What is ready waits only while more is on its way: a
 * single thing does not wait at all. Without this a service that gives some hundred small files in a second would have all parts of the hub woken for
 * each of them, which costs more than the files. Batches that get smaller to the end are those of guided self-scheduling (Polychronopoulos and Kuck, 1987).
 */
export class Gatherer<T> {
  readonly #clock: Clock
  readonly #take: (batch: T[]) => Promise<void>
  readonly #ready: T[] = []
  #expected = 0
  #isTaking = false
  #isDue = false
  #cancel: (() => void) | undefined

  constructor(clock: Clock, take: (batch: T[]) => Promise<void>) {
    this.#clock = clock
    this.#take = take
  }

  /** While `work` is done, what may be added after it is on its way. */
  async expect<R>(work: () => Promise<R>): Promise<R> {
    this.#expected++
    try {
      return await work()
    } finally {
      this.#expected--
      this.#consider()
    }
  }

  add(one: T): void {
    this.#ready.push(one)
    this.#consider()
  }

  #consider(): void {
    if (this.#isTaking || this.#ready.length === 0) return
    if (this.#expected === 0 || this.#isDue || this.#ready.length >= this.#enough()) this.#begin()
    else this.#cancel ??= this.#clock.after(PATIENCE, () => this.#due())
  }

  #enough(): number {
    return Math.min(MANY, Math.max(FEW, this.#expected * SHARE))
  }

  #due(): void {
    this.#cancel = undefined
    this.#isDue = true
    this.#consider()
  }

  #begin(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#isDue = false
    this.#isTaking = true
    // What was expected is added a moment after it has come.
    this.#clock.soon(() => void this.#takeBatch())
  }

  async #takeBatch(): Promise<void> {
    await this.#take(this.#ready.splice(0, BATCH))
    this.#isTaking = false
    this.#consider()
  }
}
