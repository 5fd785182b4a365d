/** One task at a time for each path, in the order in which they came. */
export class PathLocks {
  readonly #tails = new Map<string, Promise<unknown>>()

  async hold<T>(paths: readonly string[], task: () => Promise<T>): Promise<T> {
    const before = paths.map((path) => this.#tails.get(path))
    const running = Promise.all(before).then(task)
    const tail = Promise.allSettled([running])
    for (const path of paths) this.#tails.set(path, tail)
    try {
      return await running
    } finally {
      for (const path of paths) if (this.#tails.get(path) === tail) this.#tails.delete(path)
    }
  }

  /** Resolves when all that was begun before the call has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values())
  }
}
