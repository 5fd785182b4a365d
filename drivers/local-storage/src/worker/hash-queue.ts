import { setImmediate as nextTurn } from 'node:timers/promises'
import { HASH_BLOCK_SIZE } from '@onitu/protocol'
import { isAbsent } from '../failure.ts'
import type { Folder } from './folder.ts'
import { HashFile } from './hash-file.ts'
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

/** ms of synchronous reading before others get their turn, and how many outcomes are handed over together. */
const SLICE = 8
const BATCH = 256
const LARGE_AT_ONCE = 4

/** Reads files to know their hash: small ones many in one go, large ones block by block in between, so that neither waits for the other. */
export class HashQueue {
  readonly #deliver: (outcomes: readonly Outcome[]) => void
  readonly #buffer = Buffer.allocUnsafeSlow(HASH_BLOCK_SIZE)
  /** Insertion order is reading order. One job per file: a newer state replaces the older. */
  readonly #jobs = new Map<string, Job>()
  #small: string[] = []
  #large: string[] = []
  readonly #open = new Map<string, { readonly job: Job; readonly file: HashFile }>()
  #outcomes: Outcome[] = []
  /** Read, but not handed over yet: a file that was queued twice is read once. */
  readonly #done = new Set<Job>()
  /** Not ready yet, with a timer of their own. */
  readonly #settling = new Set<Job>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #running = false
  #closed = false

  constructor(deliver: (outcomes: readonly Outcome[]) => void) {
    this.#deliver = deliver
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

  close(): void {
    this.#closed = true
    this.#jobs.clear()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    for (const { file } of this.#open.values()) file.close()
    this.#open.clear()
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
    if (job.size <= HASH_BLOCK_SIZE) this.#small.push(key)
    else this.#large.push(key)
    if (this.#running) return
    this.#running = true
    void this.#run()
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#small.length + this.#large.length + this.#open.size > 0) {
      this.#readSmall()
      this.#readLarge()
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
    const file = this.#start(job)
    if (file !== undefined) this.#step(job, file)
  }

  /** Read already, or a newer state that took the place of the one queued here, settles still, and has its own turn. */
  #isBusy(job: Job): boolean {
    return this.#done.has(job) || this.#settling.has(job)
  }

  #readLarge(): void {
    while (this.#open.size < LARGE_AT_ONCE && this.#large.length > 0) {
      const key = this.#large.shift() ?? ''
      const job = this.#jobs.get(key)
      if (job === undefined || this.#isBusy(job) || this.#open.has(key)) continue
      const file = this.#start(job)
      if (file !== undefined) this.#open.set(key, { job, file })
    }
    for (const [key, { job, file }] of this.#open) this.#stepLarge(key, job, file)
  }

  #stepLarge(key: string, job: Job, file: HashFile): void {
    const current = this.#jobs.get(key)
    if (current === job && !this.#step(job, file)) return
    if (current !== job) file.close()
    this.#open.delete(key)
    // What replaced it while it was being read has its own turn now.
    if (current !== undefined && current !== job) this.#large.push(key)
  }

  #start(job: Job): HashFile | undefined {
    try {
      return new HashFile(job.folder.absolute(job.path), job.token, job.size)
    } catch (error) {
      this.#end(isAbsent(error) ? { job, changed: true } : { job, error })
      return undefined
    }
  }

  /** True when the file is done with, one way or the other. */
  #step(job: Job, file: HashFile): boolean {
    try {
      const hashed = file.step(this.#buffer)
      if (hashed === 'unfinished') return false
      this.#end(hashed === 'changed' ? { job, changed: true } : { job, hash: hashed.hash, readAt: Date.now() })
    } catch (error) {
      this.#end({ job, error })
    }
    return true
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

function keyOf(folder: Folder, path: string): string {
  return `${folder.name}\0${path}`
}
