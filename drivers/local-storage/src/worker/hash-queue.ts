import { setImmediate as nextTurn } from 'node:timers/promises'
import { HASH_BLOCK_SIZE } from '@onitu/protocol'
import { isAbsent } from '../failure.ts'
import type { Folder } from './folder.ts'
import { type Hashed, hashLargeFile, hashSmallFile, isStill, LARGE } from './hash-file.ts'
import { HashHelper } from './hash-helper.ts'
import { readyAt } from './settle.ts'

export interface Job {
  readonly folder: Folder
  readonly path: string
  readonly token: string
  readonly size: number
  readonly mtime: number
  readonly mode: number
  /** When the inode last changed, ms: tells whether a change was made before a catchUp. */
  readonly changedAt: number
  readonly attempts: number
}

export type Outcome =
  | { readonly job: Job; readonly hash: string; readonly readAt: number }
  | { readonly job: Job; readonly changed: true }
  | { readonly job: Job; readonly error: unknown }

/** Asks whether somebody reads the file for its hash anyway. */
type Offer = (job: Job) => Promise<string | undefined>

/** ms of synchronous reading before others get their turn, and how many outcomes are handed over together. */
const SLICE = 8
const BATCH = 256
const LARGE_AT_ONCE = 4
/** ms after which a file that somebody uploads meanwhile is read here as well: others are to hear of it, and that may take hours. */
const OFFER_PATIENCE = 10_000

/** Reads files to know their hash: small ones many in one go, large ones some at a time in between, so that neither waits for the other. */
export class HashQueue {
  readonly #deliver: (outcomes: readonly Outcome[]) => void
  readonly #offer: Offer
  readonly #helper = new HashHelper()
  readonly #buffer = Buffer.allocUnsafeSlow(HASH_BLOCK_SIZE)
  /** Insertion order is reading order. One job per file: a newer state replaces the older. */
  readonly #jobs = new Map<string, Job>()
  #small: string[] = []
  #large: string[] = []
  /** Large files that are being read. */
  readonly #reading = new Set<Job>()
  #outcomes: Outcome[] = []
  /** Read, but not handed over yet: a file that was queued twice is read once. */
  readonly #done = new Set<Job>()
  /** Not ready yet, with a timer of their own. */
  readonly #settling = new Set<Job>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #running = false
  #closed = false

  constructor(deliver: (outcomes: readonly Outcome[]) => void, offer: Offer = async () => undefined) {
    this.#deliver = deliver
    this.#offer = offer
  }

  get size(): number {
    return this.#jobs.size
  }

  jobs(): IterableIterator<Job> {
    return this.#jobs.values()
  }

  has(folder: Folder, path: string): boolean {
    return this.#jobs.has(keyOf(folder, path))
  }

  add(job: Job): void {
    if (this.#closed) return
    const key = keyOf(job.folder, job.path)
    this.#jobs.set(key, job)
    const delay = readyAt(job.size, job.mtime, Date.now(), job.attempts) - Date.now()
    if (delay <= 0) this.#ready(key, job)
    else this.#later(key, job, delay)
  }

  cancel(folder: Folder, path: string): void {
    this.#jobs.delete(keyOf(folder, path))
  }

  cancelFolder(folder: Folder): void {
    for (const [key, job] of this.#jobs) if (job.folder === folder) this.#jobs.delete(key)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#jobs.clear()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    await this.#helper.close()
  }

  #later(key: string, job: Job, delay: number): void {
    this.#settling.add(job)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#settling.delete(job)
      if (this.#jobs.get(key) === job) this.#ready(key, job)
    }, delay)
    this.#timers.add(timer)
  }

  #ready(key: string, job: Job): void {
    if (job.size > HASH_BLOCK_SIZE) {
      this.#large.push(key)
      this.#readLarge()
      return
    }
    this.#small.push(key)
    if (this.#running) return
    this.#running = true
    void this.#run()
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#small.length > 0) {
      this.#readSmall()
      if (this.#outcomes.length >= BATCH || this.#small.length === 0) this.#handOver()
      await nextTurn()
    }
    this.#running = false
  }

  #readSmall(): void {
    const until = performance.now() + SLICE
    let taken = 0
    for (; taken < this.#small.length && performance.now() < until; taken++) {
      const job = this.#jobs.get(this.#small[taken] ?? '')
      if (job !== undefined && !this.#isBusy(job)) this.#readWhole(job)
    }
    this.#small = this.#small.slice(taken)
  }

  #readWhole(job: Job): void {
    try {
      this.#end(outcomeOf(job, hashSmallFile(job.folder.absolute(job.path), job.token, job.size, this.#buffer)))
    } catch (error) {
      this.#end(failureOf(job, error))
    }
  }

  /** Read already, or a newer state that took the place of the one queued here, settles still, and has its own turn. */
  #isBusy(job: Job): boolean {
    return this.#done.has(job) || this.#settling.has(job)
  }

  #readLarge(): void {
    while (this.#reading.size < LARGE_AT_ONCE && this.#large.length > 0) {
      const job = this.#jobs.get(this.#large.shift() ?? '')
      if (job === undefined || this.#isBusy(job) || this.#reading.has(job)) continue
      this.#reading.add(job)
      void this.#readByBlocks(job).then(() => {
        this.#reading.delete(job)
        if (!this.#closed) this.#readLarge()
      })
    }
  }

  async #readByBlocks(job: Job): Promise<void> {
    const isWanted = () => !this.#closed && this.#jobs.get(keyOf(job.folder, job.path)) === job
    let outcome: Outcome
    try {
      outcome = outcomeOf(job, await this.#hashLarge(job, isWanted))
    } catch (error) {
      outcome = failureOf(job, error)
    }
    // What took its place in the queue has its own turn.
    if (!isWanted()) return
    this.#end(outcome)
    this.#handOver()
  }

  /** Read by somebody who has use for the content, if there is one; else here. */
  async #hashLarge(job: Job, wanted: () => boolean): Promise<Hashed> {
    const { folder, path, token, size } = job
    const absolute = folder.absolute(path)
    const hash = size < LARGE ? undefined : await within(OFFER_PATIENCE, this.#offer(job))
    if (hash === undefined) return hashLargeFile(absolute, token, size, { wanted, helper: this.#helper })
    return isStill(absolute, token) ? { hash } : 'changed'
  }

  #end(outcome: Outcome): void {
    this.#done.add(outcome.job)
    this.#outcomes.push(outcome)
  }

  #handOver(): void {
    if (this.#outcomes.length === 0) return
    const outcomes = this.#outcomes
    this.#outcomes = []
    this.#done.clear()
    const fresh = outcomes.filter(({ job }) => this.#jobs.get(keyOf(job.folder, job.path)) === job)
    for (const { job } of fresh) this.#jobs.delete(keyOf(job.folder, job.path))
    if (fresh.length > 0) this.#deliver(fresh)
  }
}

/** What a promise gives within so many ms; undefined if it takes longer. */
function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, undefined)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function outcomeOf(job: Job, hashed: Hashed): Outcome {
  return hashed === 'changed' ? { job, changed: true } : { job, hash: hashed.hash, readAt: Date.now() }
}

function failureOf(job: Job, error: unknown): Outcome {
  return isAbsent(error) ? { job, changed: true } : { job, error }
}

function keyOf(folder: Folder, path: string): string {
  return `${folder.name}\0${path}`
}
