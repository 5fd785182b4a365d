import { isDirectoryToken } from '../token.ts'
import type { Found } from './found.ts'

interface Waiting {
  readonly found: Found
  readonly since: number
  readonly first: number
}

/** ms until a change is in another second than the one that a listing showed. */
export const SETTLE = 1_100
/** A file that goes on changing is told of all the same after so many ms. */
const LONGEST = 10_000
/** s. What has not changed for so long by the server's clock has another time when it is changed once more: a second would do. */
const PAST = 2
/** s. The same by the clock of this machine, which may go differently. */
const OLD = 3_600

/** Seconds since 1970. */
export interface Dates {
  readonly here: number
  /** By the clock that gives the files their times; undefined where it is not known. */
  readonly server: number | undefined
}

/**
 * Holds back what may still change unseen. Times of SFTP are whole seconds: a content that is read in the second of its last change may change
 * once more and look the same. So a young file is told only when it has looked the same twice, more than a second apart. Pure but for its memory.
 */
export class Settling {
  readonly #waiting = new Map<string, Waiting>()

  get paths(): string[] {
    return [...this.#waiting.keys()]
  }

  /** `now`: ms of a clock that only goes forward. Gives what may be told at once. */
  take(changed: readonly Found[], now: number, dates: Dates): Found[] {
    return changed.filter((found) => isDirectoryToken(found.token) || isPast(found, dates) || this.look(found, now))
  }

  /** Whether it may be told; otherwise it is to be looked at again. */
  look(found: Found, now: number): boolean {
    const known = this.#waiting.get(found.path)
    const same = known?.found.token === found.token
    const first = known?.first ?? now
    const isSettled = known !== undefined && ((same && now - known.since >= SETTLE) || now - first >= LONGEST)
    if (isSettled) this.#waiting.delete(found.path)
    else this.#waiting.set(found.path, { found, first, since: same ? known.since : now })
    return isSettled
  }

  /** It is gone, or this driver has written it. */
  forget(path: string): void {
    this.#waiting.delete(path)
  }

  clear(): void {
    this.#waiting.clear()
  }

  /** ms until the first of them has to be looked at again; undefined when none waits. */
  due(now: number): number | undefined {
    let due: number | undefined
    for (const { since } of this.#waiting.values())
      due = Math.min(due ?? Number.POSITIVE_INFINITY, since + SETTLE - now)
    return due === undefined ? undefined : Math.max(0, due)
  }
}

function isPast({ mtime }: Found, { here, server }: Dates): boolean {
  return Math.abs(here - mtime) > OLD || (server !== undefined && mtime + PAST <= server)
}
