import { rmSync } from 'node:fs'
import type { Stored } from '@onitu/plug'
import { systemFailure } from '../failure.ts'
import type { Replacement } from '../messages.ts'
import { CONTROL_DIRECTORY, TEMPORARY_DIRECTORY } from '../paths.ts'
import { commit, requireState } from './commit.ts'
import type { Folder } from './folder.ts'
import { Parents, Roots } from './parents.ts'
import { closeFile, create, finish, flushData, writeAll } from './write-file.ts'

interface WholeWrite extends Replacement {
  readonly content: Uint8Array
}

interface Write extends WholeWrite {
  resolve(stored: Stored): void
  reject(error: unknown): void
}

interface Written {
  readonly write: Write
  readonly folder: Folder
  readonly temporary: string
  readonly fd: number
  readonly stored: Stored
}

export interface SmallWritesOptions {
  readonly folders: ReadonlyMap<string, Folder>
  readonly aside: Set<string>
  readonly fsync: boolean
}

/** Open files at once, and flushes on their way together. */
const BATCH = 64
/** While one batch waits for its flushes the next is written. */
const BATCHES_AT_ONCE = 2
/** Marks temporary files that no later process may go on with. */
export const SMALL_PREFIX = 'small-'

/** Writes small files many at a time: aside with synchronous calls, flushed together, then renamed. */
export class SmallWrites {
  readonly #options: SmallWritesOptions
  #queue: Write[] = []
  #running = 0
  #count = 0

  constructor(options: SmallWritesOptions) {
    this.#options = options
  }

  write(write: WholeWrite): Promise<Stored> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ resolve, reject, ...write })
      // A microtask later all calls of the message are here.
      if (this.#queue.length === 1) queueMicrotask(() => this.#start())
    })
  }

  #start(): void {
    while (this.#running < BATCHES_AT_ONCE && this.#queue.length > 0) {
      this.#running++
      void this.#batch(this.#queue.splice(0, BATCH))
    }
  }

  async #batch(writes: readonly Write[]): Promise<void> {
    const roots = new Roots(this.#options.folders)
    const parents = new Parents()
    const written = writes.flatMap((write) => this.#writeAside(write, roots, parents) ?? [])
    const flushed = await Promise.allSettled(written.map(({ fd }) => (this.#options.fsync ? flushData(fd) : undefined)))
    const rootsNow = new Roots(this.#options.folders)
    for (const [index, one] of written.entries()) {
      const result = flushed[index]
      this.#finish(one, rootsNow, result?.status === 'rejected' ? result.reason : undefined)
    }
    this.#running--
    this.#start()
  }

  #writeAside(write: Write, roots: Roots, parents: Parents): Written | undefined {
    let temporary: string | undefined
    let fd: number | undefined
    try {
      const folder = roots.require(write.target.folder)
      parents.resolve(folder, write.target.path, true)
      // Where nothing may be, that is found when it gets its name.
      const replaced = write.token === null ? undefined : requireState(folder, write.target.path, write.token)
      const path = `${folder.path}/${CONTROL_DIRECTORY}/${TEMPORARY_DIRECTORY}/${SMALL_PREFIX}${process.pid}-${this.#count++}`
      temporary = path
      fd = folder.history.withRoom(
        () => write.content.byteLength,
        () => create(path),
      )
      writeAll(fd, write.content, 0, folder.history)
      return { write, folder, temporary, fd, stored: finish(fd, write.target, replaced) }
    } catch (error) {
      if (fd !== undefined) closeFile(fd)
      if (temporary !== undefined) rmSync(temporary, { force: true })
      write.reject(systemFailure(error, `Writing "${write.target.path}"`))
      return undefined
    }
  }

  #finish({ write, folder, temporary, fd, stored }: Written, roots: Roots, flushError: unknown): void {
    const { path } = write.target
    closeFile(fd)
    try {
      if (flushError !== undefined) throw flushError
      roots.require(folder.name)
      const { token, replaced } = write
      const final = commit({ folder, path, temporary, token, replaced, aside: this.#options.aside }) ?? stored
      folder.wrote(path, final.token)
      write.resolve(final)
    } catch (error) {
      rmSync(temporary, { force: true })
      write.reject(systemFailure(error, `Writing "${path}"`))
    }
  }
}
