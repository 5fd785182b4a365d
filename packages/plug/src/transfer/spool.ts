import { mkdir, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { stagedName } from '@onitu/protocol'
import type { Clock } from '../engine.ts'
import { DirectFile } from './direct-file.ts'

/** Bytes of all contents that are kept, and which share of what is free on the disk one of them may take. */
const MOST = 8 * 1024 * 1024 * 1024
const SHARE = 4
/** ms after which a content is dropped that nobody has asked for. */
const AGE = 30_000

interface Kept {
  readonly file: DirectFile
  readonly size: number
  /** In a staging directory: whoever gets the content may take the file. */
  readonly isStaged: boolean
  readonly blocks: Uint8Array
  usedAt: number
}

/** Where a content is on this machine. */
export interface LocalFile {
  readonly path: string
  /** Digests of its blocks (see ContentHash), where the file is given away with the content. */
  readonly blocks?: Uint8Array
}

/** A content that is being put aside. */
export interface SpoolFile {
  /** Resolves when it is on the file; `chunk` is left alone until then. */
  write(chunk: Uint8Array, offset: number): Promise<void>
  /** All of it was written; this is its hash, and the digests of its blocks. */
  keep(hash: string, blocks: Uint8Array): Promise<void>
  /** May be called after a write has failed. */
  discard(): Promise<void>
}

/**
 * Large contents that were read from a service to know their hash, on this disk: the services that get them ask for them a moment later, and the
 * service should not be asked twice. By hash, which proves them; whoever asks must be allowed to. What is here may be lost at any time.
 */
export class Spool {
  readonly #directory: string
  readonly #clock: Clock
  readonly #warn: (message: string, error: unknown) => void
  readonly #kept = new Map<string, Kept>()
  #given: Kept[] = []
  /** Bytes, also of what is being written. */
  #size = 0
  #count = 0
  #timer: (() => void) | undefined

  private constructor(directory: string, clock: Clock, warn: (message: string, error: unknown) => void) {
    this.#directory = directory
    this.#clock = clock
    this.#warn = warn
  }

  /** The directory belongs to the spool: what an earlier process left in it is removed. */
  static async open(
    directory: string,
    clock: Clock,
    warn: (message: string, error: unknown) => void,
  ): Promise<Spool | undefined> {
    try {
      await rm(directory, { recursive: true, force: true })
      await mkdir(directory, { recursive: true, mode: 0o700 })
      return new Spool(directory, clock, warn)
    } catch (error) {
      warn(`Large contents are read twice, since ${directory} cannot be used`, error)
      return undefined
    }
  }

  /** `staging`: a directory where it would better be. Undefined where there is no room for a content of that size. */
  async begin(size: number, staging?: string): Promise<SpoolFile | undefined> {
    if (!this.#makeRoom(size)) return undefined
    this.#size += size
    const file = (await this.#stage(size, staging)) ?? (await this.#putAside(size))
    if (file === undefined) this.#size -= size
    return file
  }

  /**
   * Where a content is. The file may be gone a moment later; whoever has opened it by then can go on. One in a staging directory is given away by this: nobody
   * else is told of it, and what of it is not taken is removed after a while.
   */
  async find(hash: string): Promise<LocalFile | undefined> {
    const kept = this.#use(hash)
    if (kept === undefined) return undefined
    const { file, isStaged, blocks } = kept
    if (!isStaged) return { path: file.path }
    this.#kept.delete(hash)
    this.#given.push(kept)
    this.#forgetLater()
    await file.close()
    return { path: file.path, blocks }
  }

  /** Undefined where it is not kept, or cannot be read any more: the service still has it. */
  async read(hash: string, offset: number, size: number): Promise<Uint8Array | undefined> {
    const kept = this.#use(hash)
    if (kept === undefined) return undefined
    const content = Buffer.allocUnsafeSlow(size)
    try {
      const { bytesRead } = await kept.file.handle.read(content, 0, size, offset)
      return bytesRead === size ? content : undefined
    } catch (error) {
      // One that was dropped meanwhile has its handle closed, which is nothing to tell of.
      if (this.#kept.get(hash) === kept) this.#warn('A large content that was kept cannot be read', error)
      return undefined
    }
  }

  async close(): Promise<void> {
    this.#timer?.()
    this.#timer = undefined
    const all = [...this.#kept.values(), ...this.#given]
    this.#kept.clear()
    this.#given = []
    await Promise.all(all.map((kept) => this.#remove(kept)))
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #stage(size: number, directory: string | undefined): Promise<SpoolFile | undefined> {
    if (directory === undefined) return undefined
    try {
      if ((await bytesFree(directory)) < size) return undefined
      return await this.#create(join(directory, stagedName()), size, true)
    } catch (error) {
      this.#warn('A large content cannot be written where it will get its name, and is copied there later', error)
      return undefined
    }
  }

  async #putAside(size: number): Promise<SpoolFile | undefined> {
    try {
      if ((await bytesFree(this.#directory)) < size * SHARE) return undefined
      return await this.#create(join(this.#directory, String(++this.#count)), size, false)
    } catch (error) {
      this.#warn('A large content cannot be kept and will be read twice', error)
      return undefined
    }
  }

  async #create(path: string, size: number, isStaged: boolean): Promise<SpoolFile> {
    // A staged one becomes a file like those that the folder's own driver makes.
    const file = await DirectFile.create(path, size, isStaged ? 0o666 : 0o600)
    const discard = async () => {
      this.#size -= size
      await file.remove()
    }
    return {
      write: (chunk, offset) => file.write(chunk, offset),
      keep: async (hash, blocks) => {
        if (this.#kept.has(hash)) return discard()
        this.#kept.set(hash, { file, size, isStaged, blocks, usedAt: this.#clock.elapsed() })
        this.#forgetLater()
      },
      discard,
    }
  }

  #use(hash: string): Kept | undefined {
    const kept = this.#kept.get(hash)
    if (kept !== undefined) kept.usedAt = this.#clock.elapsed()
    return kept
  }

  /** At the cost of what was used longest ago. */
  #makeRoom(size: number): boolean {
    if (size > MOST) return false
    const oldest = [...this.#kept].sort(([, one], [, other]) => one.usedAt - other.usedAt)
    for (const [hash] of oldest) {
      if (this.#size + size <= MOST) break
      this.#dropSoon(hash)
    }
    return this.#size + size <= MOST
  }

  #forgetLater(): void {
    this.#timer ??= this.#clock.after(AGE, () => {
      this.#timer = undefined
      const now = this.#clock.elapsed()
      for (const [hash, { usedAt }] of this.#kept) if (now - usedAt >= AGE) this.#dropSoon(hash)
      const old = this.#given.filter(({ usedAt }) => now - usedAt >= AGE)
      this.#given = this.#given.filter((one) => !old.includes(one))
      for (const one of old) this.#removeSoon(one)
      if (this.#kept.size + this.#given.length > 0) this.#forgetLater()
    })
  }

  #dropSoon(hash: string): void {
    const kept = this.#kept.get(hash)
    this.#kept.delete(hash)
    if (kept !== undefined) this.#removeSoon(kept)
  }

  #removeSoon(kept: Kept): void {
    this.#remove(kept).catch((error: unknown) => this.#warn('A content that was kept could not be removed', error))
  }

  async #remove({ file, size }: Kept): Promise<void> {
    this.#size -= size
    await file.remove()
  }
}

async function bytesFree(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}
