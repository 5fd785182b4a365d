/**
 * Buffers of one size that are used again and again: a large content in new ones is garbage that the collector stops the process for, every few
 * megabytes. Each begins at a page of memory, as what goes to a disk directly has to: the memory of buffers that may grow does.
 */
export class BufferPool {
  readonly #size: number
  readonly #free: Uint8Array[] = []
  readonly #taken = new Map<ArrayBufferLike, Uint8Array>()

  constructor(size: number) {
    this.#size = size
  }

  take(): Uint8Array {
    const buffer =
      this.#free.pop() ?? new Uint8Array(new ArrayBuffer(this.#size, { maxByteLength: this.#size }), 0, this.#size)
    this.#taken.set(buffer.buffer, buffer)
    return buffer
  }

  /** A buffer, or a part of one, is not needed any more. What is of no buffer of this pool is left alone. */
  give(content: Uint8Array): void {
    const buffer = this.#taken.get(content.buffer)
    if (buffer === undefined) return
    this.#taken.delete(content.buffer)
    this.#free.push(buffer)
  }
}
