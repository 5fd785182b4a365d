import type { Clock } from '../engine.ts'
import { keyOf, PendingPaths } from './pending-paths.ts'
import { nextWait, PutOff } from './put-off.ts'

const FIRST_WAIT = 100
const FIRST_WAIT_FILES = 500

/** The orders that are not in the works: wanted next, or waiting, each in exactly one place. */
export class Backlog {
  /** Where there are orders, in the works or not. */
  readonly paths = new PendingPaths()
  readonly #isActive: (fid: string) => boolean
  /** Told when there is something to take. */
  readonly #filled: () => void
  #wanted = new Set<string>()
  #waiting: PutOff
  #delayed: PutOff
  /** Large files that wait for one of the few places. */
  #parked = new Set<string>()
  /** Orders of folders that cannot be reached. */
  #unavailable = new Set<string>()
  #waits = new Map<string, number>()
  #waitersOf = new Map<string, Set<string>>()
  #waitersBelow = new Map<string, string>()
  #closed = false

  constructor(clock: Clock, isActive: (fid: string) => boolean, filled: () => void) {
    this.#isActive = isActive
    this.#filled = filled
    this.#waiting = new PutOff(clock, (fid) => this.want(fid))
    this.#delayed = new PutOff(clock, (fid) => this.want(fid))
  }

  get wanted(): number {
    return this.#wanted.size
  }

  get size(): number {
    return this.wanted + this.#waiting.size + this.#delayed.size + this.#parked.size + this.#unavailable.size
  }

  has(fid: string): boolean {
    const sets = [this.#wanted, this.#waiting, this.#delayed, this.#parked, this.#unavailable]
    return sets.some((set) => set.has(fid))
  }

  /** Whether there are orders of which it is not known yet where they are: reading them has failed. */
  get hasUnread(): boolean {
    return [...this.#waiting.fids()].some((fid) => !this.paths.has(fid))
  }

  want(fid: string): void {
    if (this.#closed || this.#isActive(fid) || this.#parked.has(fid)) return
    this.#waiting.remove(fid)
    this.#delayed.remove(fid)
    this.#unavailable.delete(fid)
    this.#wanted.add(fid)
    this.#filled()
  }

  take(limit: number): string[] {
    const taken: string[] = []
    for (const fid of this.#wanted) {
      if (taken.length === limit) break
      this.#wanted.delete(fid)
      taken.push(fid)
    }
    return taken
  }

  /** After a failure. */
  delay(fid: string, ms: number): void {
    this.#delayed.add(fid, ms)
  }

  /** For something that is usually told of soon; looks again by itself, less and less often. */
  wait(fid: string): void {
    this.#wait(fid, FIRST_WAIT)
  }

  waitForFiles(fid: string, fids: readonly string[]): void {
    for (const other of fids) {
      const waiters = this.#waitersOf.get(other) ?? new Set<string>()
      waiters.add(fid)
      this.#waitersOf.set(other, waiters)
    }
    this.#wait(fid, FIRST_WAIT_FILES)
  }

  /** Until there are no orders below the path. */
  waitBelow(fid: string, folder: string, path: string): void {
    this.#waitersBelow.set(keyOf(folder, path), fid)
    this.#wait(fid, FIRST_WAIT_FILES)
  }

  park(fid: string): void {
    this.#parked.add(fid)
  }

  unparkOne(): void {
    const [next] = this.#parked
    if (next === undefined) return
    this.#parked.delete(next)
    this.want(next)
  }

  setAside(fid: string): void {
    this.#unavailable.add(fid)
  }

  /** A folder can be reached again. */
  resume(): void {
    const fids = [...this.#unavailable]
    for (const fid of fids) this.want(fid)
  }

  /** Nothing is left to do for this file: those that waited for it go on. */
  settle(fid: string): void {
    this.#waits.delete(fid)
    for (const key of this.paths.remove(fid)) {
      const waiter = this.#waitersBelow.get(key)
      this.#waitersBelow.delete(key)
      if (waiter !== undefined) this.want(waiter)
    }
    const waiters = this.#waitersOf.get(fid)
    this.#waitersOf.delete(fid)
    for (const waiter of waiters ?? []) this.want(waiter)
  }

  close(): void {
    this.#closed = true
    this.#waiting.close()
    this.#delayed.close()
  }

  #wait(fid: string, first: number): void {
    const delay = nextWait(this.#waits.get(fid), first)
    this.#waits.set(fid, delay)
    this.#waiting.add(fid, delay)
  }
}
