/** Bytes of one file that were sent and not confirmed: what a link with some delay needs to be kept busy. */
const WINDOW = 4 * 1024 * 1024

interface File {
  readonly pending: Set<Promise<void>>
  bytes: number
  failure: { readonly error: unknown } | undefined
}

/**
 * Lets the Plug go on to the next chunk of an upload while the former ones are on their way, for each of them would else cost a
 * round trip. The client writes them one after the other, and nothing is put in place before all are written; a failure is told
 * with the next chunk, or at the end.
 */
export class ChunksOnTheWay {
  #files = new Map<string, File>()
  #largestChunk = 0

  /** How far what was taken may be ahead of what is written, in bytes. */
  get largestWindow(): number {
    return WINDOW + this.#largestChunk
  }

  /** Resolves when the next chunk may come. @throws what went wrong with this chunk, or with an earlier one */
  async add(fid: string, chunk: Uint8Array, send: (chunk: Uint8Array) => Promise<unknown>): Promise<void> {
    const file = this.#fileOf(fid)
    const size = chunk.byteLength
    this.#largestChunk = Math.max(this.#largestChunk, size)
    file.bytes += size
    // A copy: whoever gave the chunk takes it for written when this resolves, and puts the next one into the same buffer.
    const sent = send(Buffer.from(chunk)).then(
      () => undefined,
      (error: unknown) => {
        file.failure ??= { error }
      },
    )
    const done = sent.then(() => {
      file.pending.delete(done)
      file.bytes -= size
    })
    file.pending.add(done)
    while (file.bytes > WINDOW && file.failure === undefined) await Promise.race(file.pending)
    if (file.failure !== undefined) throw file.failure.error
  }

  /** Resolves when all chunks of the file are written. @throws when one is not */
  async written(fid: string): Promise<void> {
    const failure = await this.#settle(fid)
    if (failure !== undefined) throw failure.error
  }

  /** Resolves when nothing of the file is on its way, whatever became of it. */
  async settled(fid: string): Promise<void> {
    await this.#settle(fid)
  }

  async #settle(fid: string): Promise<File['failure']> {
    const file = this.#files.get(fid)
    if (file === undefined) return undefined
    await Promise.all(file.pending)
    this.#files.delete(fid)
    return file.failure
  }

  #fileOf(fid: string): File {
    const known = this.#files.get(fid)
    if (known !== undefined) return known
    const file: File = { pending: new Set(), bytes: 0, failure: undefined }
    this.#files.set(fid, file)
    return file
  }
}
