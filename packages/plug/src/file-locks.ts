/**
 * Each file is worked on by one task at a time. A task takes all its files in one step and waits in line for each of
 * them, so the order of the calls is the order of the work, and two tasks never wait for each other.
 */
export class FileLocks {
  #last = new Map<string, Promise<void>>()

  isBusy(fid: string): boolean {
    return this.#last.has(fid)
  }

  /** Resolves, once all files are free, with the function that frees them. */
  async acquire(fids: readonly string[]): Promise<() => void> {
    let free: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      free = resolve
    })
    const before: Promise<void>[] = []
    for (const fid of fids) {
      const last = this.#last.get(fid)
      if (last !== undefined && last !== held) before.push(last)
      this.#last.set(fid, held)
    }
    if (before.length > 0) await Promise.all(before)
    return () => {
      for (const fid of fids) if (this.#last.get(fid) === held) this.#last.delete(fid)
      free()
    }
  }

  /** Runs `task` while it holds the files. */
  async hold<T>(fids: readonly string[], task: () => Promise<T>): Promise<T> {
    const free = await this.acquire(fids)
    try {
      return await task()
    } finally {
      free()
    }
  }
}
