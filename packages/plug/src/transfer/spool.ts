import { type FileHandle, mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../engine.ts'

/** Bytes of all contents that are kept, and which share of what is free on the disk one of them may take. */
const MOST = 8 * 1024 * 1024 * 1024
const SHARE = 4
/** ms after which a content is dropped that nobody has asked for. */
const AGE = 30_000

interface Kept {
  readonly path: string
  readonly handle: FileHandle
  readonly size: number
  usedAt: number
}

/** A content that is being put aside. */
export interface SpoolFile {
  /** Resolves when it is on the file; `chunk` is left alone until then. */
  write(chunk: Uint8Array, offset: number): Promise<void>
  /** All of it was written, and this is its hash. */
  keep(hash: string): Promise<void>
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

  /** Undefined where there is no room for a content of that size. */
  async begin(size: number): Promise<SpoolFile | undefined> {
    if (!this.#makeRoom(size)) return undefined
    this.#size += size
    try {
      const { bavail, bsize } = await statfs(this.#directory)
      if (size * SHARE <= bavail * bsize) return await this.#create(size)
    } catch (error) {
      this.#warn('A large content cannot be kept and will be read twice', error)
    }
    this.#size -= size
    return undefined
  }

  /** Where a content is. The file may be gone a moment later; whoever has opened it by then can go on. */
  path(hash: string): string | undefined {
    return this.#use(hash)?.path
  }

  /** Undefined where it is not kept, or cannot be read any more: the service still has it. */
  async read(hash: string, offset: number, size: number): Promise<Uint8Array | undefined> {
    const kept = this.#use(hash)
    if (kept === undefined) return undefined
    const content = Buffer.allocUnsafeSlow(size)
    try {
      const { bytesRead } = await kept.handle.read(content, 0, size, offset)
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
    await Promise.all([...this.#kept.keys()].map((hash) => this.#drop(hash)))
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #create(size: number): Promise<SpoolFile> {
    const path = join(this.#directory, String(++this.#count))
    const handle = await open(path, 'wx+', 0o600)
    const discard = async () => {
      this.#size -= size
      await handle.close()
      await rm(path, { force: true })
    }
    return {
      async write(chunk, offset) {
        const { bytesWritten } = await handle.write(chunk, 0, chunk.byteLength, offset)
        if (bytesWritten !== chunk.byteLength) throw new Error(`${bytesWritten} of ${chunk.byteLength} bytes written`)
      },
      keep: async (hash) => {
        if (this.#kept.has(hash)) return discard()
        this.#kept.set(hash, { path, handle, size, usedAt: this.#clock.elapsed() })
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
      if (this.#kept.size > 0) this.#forgetLater()
    })
  }

  #dropSoon(hash: string): void {
    this.#drop(hash).catch((error: unknown) => this.#warn('A content that was kept could not be removed', error))
  }

  async #drop(hash: string): Promise<void> {
    const kept = this.#kept.get(hash)
    if (kept === undefined) return
    this.#kept.delete(hash)
    this.#size -= kept.size
    await kept.handle.close()
    await rm(kept.path, { force: true })
  }
}
