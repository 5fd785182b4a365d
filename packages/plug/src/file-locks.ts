import { type Deferred, deferred } from './deferred.ts'

/** Frees the files that were taken, or some of them before the others. May be called again. */
export type Release = (fids?: Iterable<string>) => void

/**
 * Each file is worked on by one task at a time. A task takes all its files in one step and waits in line for each of
 * them, so the order of the calls is the order of the work, and two tasks never wait for each other.
 */
export class FileLocks {
  #last = new Map<string, Deferred<void>>()

  isBusy(fid: string): boolean {
    return this.#last.has(fid)
  }

  /** Resolves once all files are free. */
  async acquire(fids: readonly string[]): Promise<Release> {
    const held = new Map<string, Deferred<void>>()
    const before: Promise<void>[] = []
    for (const fid of fids) {
      if (held.has(fid)) continue
      const last = this.#last.get(fid)
      if (last !== undefined) before.push(last.promise)
      const own = deferred<void>()
      held.set(fid, own)
      this.#last.set(fid, own)
    }
    if (before.length > 0) await Promise.all(before)
    return (freed = fids) => {
      for (const fid of freed) this.#free(fid, held)
    }
  }

  /** Runs `task` while it holds the files. */
  async hold<T>(fids: readonly string[], task: () => Promise<T>): Promise<T> {
    const release = await this.acquire(fids)
    try {
      return await task()
    } finally {
      release()
    }
  }

  #free(fid: string, held: Map<string, Deferred<void>>): void {
    const own = held.get(fid)
    if (own === undefined) return
    held.delete(fid)
    if (this.#last.get(fid) === own) this.#last.delete(fid)
    own.resolve()
  }
}
