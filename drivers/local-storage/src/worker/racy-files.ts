import type { Folder } from './folder.ts'

/** The clock of file times may stand still for so many ms: a change in that time does not show in the token. */
const CLOCK_STEP = 20
/** The event of such a change has come by then, ms. */
const KEPT = 2000
const PRUNE_AT = 1000

/** Files that were read so soon after their last change that another change may have left their token the same. */
export class RacyFiles {
  readonly #until = new Map<string, number>()

  note(folder: Folder, path: string, mtime: number, readAt: number): void {
    if (readAt - mtime >= CLOCK_STEP) return
    this.#until.set(keyOf(folder, path), readAt + KEPT)
    if (this.#until.size >= PRUNE_AT) this.#prune(readAt)
  }

  has(folder: Folder, path: string): boolean {
    return (this.#until.get(keyOf(folder, path)) ?? 0) > Date.now()
  }

  /** Oldest first, as they were noted. */
  #prune(now: number): void {
    for (const [key, until] of this.#until) {
      if (until > now) return
      this.#until.delete(key)
    }
  }
}

function keyOf(folder: Folder, path: string): string {
  return `${folder.name}\0${path}`
}
