import { alignedBytes } from './aligned-bytes.ts'

/** Bytes below which a message may as well take a copy of its own. */
const SMALL = 64 * 1024
/** Bytes that are kept to be used again. */
const KEPT = 4 * 1024 * 1024

/**
 * Has the worker see chunks in memory that both threads share, used again for the next ones. A message would take two copies of a chunk, in new memory
 * each time, which the system has to clear first: that costs more than writing the chunk.
 */
export class SharedChunks {
  readonly #free: Uint8Array[] = []
  #kept = 0

  /** `use` must be done with the memory when it resolves. */
  async share<T>(chunk: Uint8Array, use: (shared: Uint8Array) => Promise<T>): Promise<T> {
    const size = chunk.byteLength
    // Of its own: a message takes all the memory that a view is of.
    if (size < SMALL) return use(Uint8Array.from(chunk))
    const memory = this.#take(size)
    try {
      const shared = memory.subarray(0, size)
      shared.set(chunk)
      return await use(shared)
    } finally {
      this.#give(memory)
    }
  }

  #take(size: number): Uint8Array {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= size)
    const [found] = at === -1 ? [] : this.#free.splice(at, 1)
    if (found === undefined) return alignedBytes(size)
    this.#kept -= found.byteLength
    return found
  }

  #give(memory: Uint8Array): void {
    if (this.#kept + memory.byteLength > KEPT) return
    this.#kept += memory.byteLength
    this.#free.push(memory)
  }
}
