/** Files that are read for other Plugs now, so that one of them can ask whether its request is still worked on. */
export class Reading {
  readonly #counts = new Map<string, number>()

  async during<T>(fids: readonly string[], work: () => Promise<T>): Promise<T> {
    for (const fid of fids) this.#counts.set(fid, (this.#counts.get(fid) ?? 0) + 1)
    try {
      return await work()
    } finally {
      for (const fid of fids) this.#leave(fid)
    }
  }

  /** Whether one of them is. */
  includes(fids: readonly string[]): boolean {
    return fids.some((fid) => this.#counts.has(fid))
  }

  #leave(fid: string): void {
    const left = (this.#counts.get(fid) ?? 0) - 1
    if (left > 0) this.#counts.set(fid, left)
    else this.#counts.delete(fid)
  }
}
