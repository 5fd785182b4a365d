import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { basename } from 'node:path'
import { codeOf } from '../failure.ts'

export interface WatchHooks {
  /** One of a directory's entries may have changed; null: any of them. */
  onEvent(directory: string, name: string | null): void
  /** The directory itself may have been moved or deleted. Another one in its place may have the same inode number, but has no watch. */
  onMoved(directory: string): void
}

/**
 * One non-recursive watch per directory. (Recursive fs.watch of Node on Linux loses what is written after a directory was renamed,
 * and the common watcher libraries lose files when many directories appear at once.)
 */
export class Watches {
  readonly #root: string
  readonly #hooks: WatchHooks
  readonly #watchers = new Map<string, FSWatcher>()
  /** Directories for which the system gave no watch: somebody has to scan them. */
  readonly unwatched = new Set<string>()

  constructor(root: string, hooks: WatchHooks) {
    this.#root = root
    this.#hooks = hooks
  }

  has(directory: string): boolean {
    return this.#watchers.has(directory) || this.unwatched.has(directory)
  }

  /** Gives the system's code when no watch is to be had (ENOSPC, EMFILE…). A directory that is gone again is no failure. */
  add(directory: string): string | undefined {
    this.remove(directory)
    try {
      const watcher = watch(this.#absolute(directory), { persistent: false })
      const own = basename(this.#absolute(directory))
      watcher.on('change', (kind, name) => {
        this.#hooks.onEvent(directory, name === null ? null : String(name))
        // That is how libuv tells of the directory itself; an entry of the same name looks just the same.
        if (kind === 'rename' && name === own && this.#watchers.get(directory) === watcher)
          this.#hooks.onMoved(directory)
      })
      watcher.on('error', () => this.#lost(directory))
      this.#watchers.set(directory, watcher)
      return undefined
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      if (code === undefined) throw error
      this.unwatched.add(directory)
      return code
    }
  }

  remove(directory: string): void {
    this.#watchers.get(directory)?.close()
    this.#watchers.delete(directory)
    this.unwatched.delete(directory)
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
    this.unwatched.clear()
  }

  #lost(directory: string): void {
    this.remove(directory)
    this.#hooks.onEvent(directory, null)
  }

  #absolute(directory: string): string {
    return directory === '' ? this.#root : `${this.#root}/${directory}`
  }
}

/**
 * libuv says nothing when the kernel's queue of events overflowed. But it takes the whole queue in one turn of the event loop, so as
 * many events in one turn as the queue can hold, or near it (events of closed watches are not seen), mean that some may be lost.
 */
export class OverflowGuard {
  readonly #limit: number
  readonly #onOverflow: () => void
  #count = 0

  constructor(onOverflow: () => void, limit: number = queueLimit()) {
    this.#limit = limit / 2
    this.#onOverflow = onOverflow
  }

  count(): void {
    this.#count++
    if (this.#count === 1) setImmediate(() => this.#endTurn())
  }

  #endTurn(): void {
    const overflowed = this.#count >= this.#limit
    this.#count = 0
    if (overflowed) this.#onOverflow()
  }
}

const DEFAULT_QUEUE = 16_384

function queueLimit(): number {
  try {
    const limit = Number.parseInt(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'), 10)
    return limit > 0 ? limit : DEFAULT_QUEUE
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return DEFAULT_QUEUE
  }
}
