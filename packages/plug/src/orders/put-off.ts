import type { Clock } from '../engine.ts'

interface Entry {
  readonly at: number
  readonly delay: number
}

/** How exact the times are, in ms. One timer for all files: one for each would cost more than the work. */
const STEP = 50
const LONGEST_WAIT = 5_000

/** Files that are looked at again later: because of a failure, or because something else has to happen first. */
export class PutOff {
  readonly #clock: Clock
  readonly #due: (fid: string) => void
  #entries = new Map<string, Entry>()
  #cancel: (() => void) | undefined
  #closed = false

  constructor(clock: Clock, due: (fid: string) => void) {
    this.#clock = clock
    this.#due = due
  }

  get size(): number {
    return this.#entries.size
  }

  fids(): IterableIterator<string> {
    return this.#entries.keys()
  }

  has(fid: string): boolean {
    return this.#entries.has(fid)
  }

  add(fid: string, delay: number): void {
    if (this.#closed) return
    this.#entries.set(fid, { at: this.#clock.elapsed() + delay, delay })
    this.#cancel ??= this.#clock.after(STEP, () => this.#check())
  }

  remove(fid: string): boolean {
    return this.#entries.delete(fid)
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#entries.clear()
  }

  #check(): void {
    this.#cancel = undefined
    const now = this.#clock.elapsed()
    for (const [fid, { at }] of this.#entries) {
      if (at > now) continue
      this.#entries.delete(fid)
      this.#due(fid)
    }
    if (this.#entries.size > 0 && !this.#closed) this.#cancel ??= this.#clock.after(STEP, () => this.#check())
  }
}

/** How long to wait for something of which there will usually be a notice: the notice may be lost. */
export function nextWait(previous: number | undefined, first: number): number {
  return previous === undefined ? first : Math.min(LONGEST_WAIT, previous * 2)
}
