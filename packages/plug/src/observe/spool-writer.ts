import type { SpoolFile } from '../transfer/spool.ts'

/** Chunks that are being written at once. */
const AT_ONCE = 4

/** Writes into the spool beside what matters: when it fails, what was written is discarded and everything else goes on. */
export class SpoolWriter {
  #file: SpoolFile | undefined
  readonly #writing = new Set<Promise<void>>()
  #failed = false

  /** `file` undefined: nothing is kept. */
  constructor(file: SpoolFile | undefined) {
    this.#file = file
  }

  /** Resolves when `chunk` is not needed any more. Never rejects. */
  write(chunk: Uint8Array, offset: number): Promise<void> {
    if (this.#file === undefined || this.#failed) return Promise.resolve()
    const attempt = this.#file.write(chunk, offset).catch(() => {
      this.#failed = true
    })
    const writing: Promise<void> = attempt.finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
    return writing
  }

  /** Resolves when the next chunk may come. */
  async room(): Promise<void> {
    while (this.#writing.size >= AT_ONCE) await Promise.race(this.#writing)
  }

  async keep(hash: string, blocks: Uint8Array): Promise<void> {
    await Promise.all(this.#writing)
    if (this.#failed) return this.discard()
    const file = this.#file
    this.#file = undefined
    await file?.keep(hash, blocks)
  }

  async discard(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await Promise.all(this.#writing)
    await file?.discard()
  }
}
