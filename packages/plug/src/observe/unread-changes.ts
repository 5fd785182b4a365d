import type { Clock } from '../engine.ts'

/** ms before the first retry, and at most before any. */
const FIRST = 1_000
const LONGEST = 300_000

/** Reads a change again. `isCurrent`: nothing newer is known of its file. `pause`: ms before the next retry, should this one fail. */
type Retry = (isCurrent: () => boolean, pause: number) => void

/** Changes that could not be read, by file and what was told of it: each is read again after growing pauses, or as soon as somebody asks for it. */
export class UnreadChanges {
  readonly #clock: Clock
  readonly #waiting = new Map<string, Map<string, () => void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `what`: tells it from the others of that file. `retry` is called once, unless something newer comes before. */
  add(fid: string, what: string, retry: Retry, pause = FIRST): void {
    let isDue = true
    const start = (next: number) => {
      cancel()
      if (isDue && isCurrent()) retry(isCurrent, next)
      isDue = false
    }
    // However often it is asked for, the pauses grow by themselves only.
    const now = () => start(pause)
    const isCurrent = () => this.#waiting.get(fid)?.get(what) === now
    const cancel = this.#clock.after(pause, () => start(Math.min(pause * 2, LONGEST)))
    const ofFile = this.#waiting.get(fid) ?? new Map<string, () => void>()
    this.#waiting.set(fid, ofFile.set(what, now))
  }

  /** Has all that wait read now. */
  retryAll(): void {
    for (const now of [...this.#waiting.values()].flatMap((ofFile) => [...ofFile.values()])) now()
  }

  /** There is newer news of the file. */
  forget(fid: string): void {
    this.#waiting.delete(fid)
  }

  /** There is nothing to be read any more of what was told. */
  done(fid: string, what: string): void {
    const ofFile = this.#waiting.get(fid)
    ofFile?.delete(what)
    if (ofFile?.size === 0) this.#waiting.delete(fid)
  }
}
