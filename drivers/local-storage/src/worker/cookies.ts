import { type FSWatcher, rmSync, watch, writeFileSync } from 'node:fs'
import { codeOf } from '../failure.ts'
import { CONTROL_DIRECTORY, COOKIE } from '../paths.ts'

/** An event that takes longer is taken for lost, and a full scan made instead. */
const DEADLINE = 2000

/**
 * Makes a file and waits for its event. The kernel keeps one queue for all watches of this thread, so every event of an
 * earlier change, in whichever folder, has been seen by then.
 */
export class Cookies {
  readonly #directory: string
  readonly #waiting = new Map<string, () => void>()
  #watcher: FSWatcher | undefined
  #count = 0

  /** `root`: any of the roots. */
  constructor(root: string) {
    this.#directory = `${root}/${CONTROL_DIRECTORY}`
  }

  /** False when events cannot be relied on. */
  async pass(): Promise<boolean> {
    const name = `${COOKIE}-${process.pid}-${this.#count++}`
    const path = `${this.#directory}/${name}`
    try {
      this.#watcher ??= this.#watch()
      const seen = this.#wait(name)
      writeFileSync(path, '')
      const isSeen = await seen
      // The directory may have been replaced by another one, which has no watch.
      if (!isSeen) this.close()
      return isSeen
    } catch (error) {
      // No watch or no file is to be had (ENOSPC, EROFS, ENOENT…): the caller scans.
      if (codeOf(error) === undefined) throw error
      return false
    } finally {
      rmSync(path, { force: true })
    }
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
    for (const resolve of this.#waiting.values()) resolve()
  }

  #watch(): FSWatcher {
    const watcher = watch(this.#directory, { persistent: false })
    watcher.on('change', (_kind, name) => this.#waiting.get(String(name))?.())
    watcher.on('error', () => this.close())
    return watcher
  }

  #wait(name: string): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (seen: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(name)
        resolve(seen)
      }
      const timer = setTimeout(() => end(false), DEADLINE)
      this.#waiting.set(name, () => end(this.#watcher !== undefined))
    })
  }
}
