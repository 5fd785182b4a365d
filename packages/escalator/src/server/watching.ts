import { randomBytes } from 'node:crypto'
import { OnituError } from '@onitu/protocol'
import { keyBytes } from '../wire/key.ts'
import { packWrites, type WriteList } from '../wire/write-list.ts'
import { ChangeLog, startsWith } from './change-log.ts'
import type { WatchRequest } from './parse-watch.ts'

/**
 * The watchers of one database. Each of them asks for what comes behind its position and waits for the answer, so a
 * slow one costs nothing but its place in the log: it reads there later, or is told that it has to scan again.
 */
export interface Watching {
  /** What was committed just now, in order. */
  written(lists: readonly WriteList[]): void
  /** Answers at once when there is something, else when there is, or with nothing when the time is over. */
  watch(request: WatchRequest): Promise<WatchAnswer>
  /** How many wait. */
  readonly size: number
  /** Whoever waits fails with `DATABASE_CLOSED` (retryable). */
  close(): void
}

/** `[epoch, number of the last change looked at, whether the position asked for is lost, numbers, packed changes]` */
export type WatchAnswer = readonly [string, number, boolean, readonly number[], Uint8Array]

export interface WatchingOptions {
  /** Bytes of the log. Default 16 MiB. */
  readonly capacity?: number
  /** A log that nobody asks for any more is given up after so many ms. Default 10 minutes. */
  readonly keep?: number
}

interface Waiter {
  readonly prefix: Uint8Array
  readonly timer: NodeJS.Timeout
  readonly resolve: (answer: WatchAnswer) => void
  readonly reject: (error: unknown) => void
  /** Nothing for it up to here. */
  seen: number
}

const DEFAULT_CAPACITY = 16 * 1024 * 1024
const DEFAULT_KEEP = 10 * 60_000
const PAGE_BYTES = 256 * 1024
const MAX_WAITERS = 10_000

export function createWatching(options: WatchingOptions = {}): Watching {
  return new DatabaseWatching(options)
}

class DatabaseWatching implements Watching {
  #capacity: number
  #keep: number
  /** There is none until somebody watches: others pay nothing for it. */
  #log: ChangeLog | undefined
  #asked = 0
  #waiters = new Set<Waiter>()
  #closed = false

  constructor({ capacity = DEFAULT_CAPACITY, keep = DEFAULT_KEEP }: WatchingOptions) {
    this.#capacity = capacity
    this.#keep = keep
  }

  get size(): number {
    return this.#waiters.size
  }

  written(lists: readonly WriteList[]): void {
    const log = this.#log
    if (log === undefined) return
    if (this.#waiters.size === 0 && performance.now() - this.#asked > this.#keep) {
      this.#log = undefined
      return
    }
    for (const list of lists) log.append(list)
    for (const waiter of this.#waiters) this.#wake(log, waiter, lists)
  }

  async watch({ prefix, position, wait }: WatchRequest): Promise<WatchAnswer> {
    if (this.#closed) throw closedError()
    this.#asked = performance.now()
    // The epoch is new with each log, so positions of an earlier one, also of an earlier server, are not taken for its own.
    this.#log ??= new ChangeLog(randomBytes(8).toString('hex'), this.#capacity)
    const log = this.#log
    if (position === undefined || !log.reaches(position)) return [log.epoch, log.last, true, [], new Uint8Array()]
    const bytes = keyBytes(prefix)
    const answer = read(log, position.sequence, bytes)
    if (answer[3].length > 0 || answer[1] < log.last || wait === 0) return answer
    return this.#wait(bytes, wait, log.last)
  }

  close(): void {
    this.#closed = true
    for (const waiter of this.#waiters) this.#settle(waiter, () => waiter.reject(closedError()))
  }

  #wait(prefix: Uint8Array, wait: number, seen: number): Promise<WatchAnswer> {
    if (this.#waiters.size >= MAX_WAITERS) {
      throw new OnituError('TOO_MANY_OPEN', `${MAX_WAITERS} watches wait on this database already`, { retryable: true })
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp(waiter), wait)
      timer.unref()
      const waiter: Waiter = { prefix, timer, resolve, reject, seen }
      this.#waiters.add(waiter)
    })
  }

  #wake(log: ChangeLog, waiter: Waiter, lists: readonly WriteList[]): void {
    const concerned = lists.some(({ keys }) => keys.some((key) => startsWith(keyBytes(key), waiter.prefix)))
    if (!concerned) waiter.seen = log.last
    // One run of writes may be more than the whole log.
    else if (log.reaches({ epoch: log.epoch, sequence: waiter.seen }))
      this.#settle(waiter, () => waiter.resolve(read(log, waiter.seen, waiter.prefix)))
    else this.#settle(waiter, () => waiter.resolve([log.epoch, log.last, true, [], new Uint8Array()]))
  }

  #giveUp(waiter: Waiter): void {
    this.#asked = performance.now()
    const log = this.#log
    if (log === undefined) return
    this.#settle(waiter, () => waiter.resolve([log.epoch, waiter.seen, false, [], new Uint8Array()]))
  }

  #settle(waiter: Waiter, act: () => void): void {
    clearTimeout(waiter.timer)
    this.#waiters.delete(waiter)
    act()
  }
}

function read(log: ChangeLog, sequence: number, prefix: Uint8Array): WatchAnswer {
  const { changes, sequences, end } = log.read(sequence, prefix, PAGE_BYTES)
  return [log.epoch, end, false, sequences, packWrites(changes)]
}

function closedError(): OnituError {
  return new OnituError('DATABASE_CLOSED', 'The database is being closed', { retryable: true })
}
