import { open } from 'node:fs/promises'

/** Bytes after which a flush begins. */
const STEP = 32 * 1024 * 1024

/**
 * Has the system write large files to disk while they still come in, one flush at a time for each, so that little is left
 * to wait for at the end.
 */
export class EarlyFlush {
  readonly #unflushed = new Map<string, number>()
  readonly #running = new Set<string>()

  wrote(path: string, bytes: number): void {
    const unflushed = (this.#unflushed.get(path) ?? 0) + bytes
    const isDue = unflushed >= STEP && !this.#running.has(path)
    this.#unflushed.set(path, isDue ? 0 : unflushed)
    if (isDue) void this.#flush(path)
  }

  forget(path: string): void {
    this.#unflushed.delete(path)
  }

  /**
   * Through a descriptor of its own, so that the file may be closed and renamed meanwhile. What fails here fails again
   * in the flush at the end, which is the one that counts.
   */
  async #flush(path: string): Promise<void> {
    this.#running.add(path)
    const flushed = open(path).then((file) => file.datasync().finally(() => file.close()))
    await Promise.allSettled([flushed])
    this.#running.delete(path)
  }
}
