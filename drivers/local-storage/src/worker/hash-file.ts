import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { ContentHash, contentHash, HASH_BLOCK_SIZE } from '@onitu/protocol'
import { tokenOf } from '../token.ts'

// O_NONBLOCK: a pipe put in the place of the file must not block the thread.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

export type Hashed = { readonly hash: string } | 'changed' | 'unfinished'

/** Reads one file to know its content, block by block, and only while it stays in the state `token`. */
export class HashFile {
  readonly #token: string
  readonly #size: number
  #fd: number | undefined
  #hash: ContentHash | undefined
  #offset = 0

  /** Opens the file. Throws the system's error. */
  constructor(path: string, token: string, size: number) {
    this.#token = token
    this.#size = size
    this.#fd = openSync(path, READ)
  }

  /** Reads one block of at most 1 MiB. After anything but `unfinished` the file is closed. */
  step(buffer: Uint8Array): Hashed {
    try {
      const result = this.#read(buffer)
      if (result !== 'unfinished') this.close()
      return result
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #read(buffer: Uint8Array): Hashed {
    const fd = this.#fd
    if (fd === undefined) throw new TypeError('The file is closed')
    if (this.#offset === 0 && !this.#isSame(fd)) return 'changed'
    const read = readSync(fd, buffer, 0, Math.min(HASH_BLOCK_SIZE, this.#size - this.#offset), this.#offset)
    this.#offset += read
    const block = buffer.subarray(0, read)
    if (this.#size <= HASH_BLOCK_SIZE) return this.#end(fd, () => contentHash(block))
    this.#hash ??= new ContentHash()
    const hash = this.#hash.update(block)
    if (read > 0 && this.#offset < this.#size) return 'unfinished'
    return this.#end(fd, () => hash.digest())
  }

  #end(fd: number, digest: () => string): Hashed {
    return this.#offset === this.#size && this.#isSame(fd) ? { hash: digest() } : 'changed'
  }

  #isSame(fd: number): boolean {
    return tokenOf(fstatSync(fd, { bigint: true })) === this.#token
  }
}
