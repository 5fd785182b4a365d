import { createHash, type Hash, hash as hashOnce } from 'node:crypto'

/** 1 MiB: large enough that the tree costs nothing, small enough that little is fetched again after a crash. */
export const HASH_BLOCK_SIZE = 1024 * 1024

/** In the place of a hash: of what is in a service that is only written, nobody ever reads. No content has it. */
export const UNREAD_HASH = '0'.repeat(64)

/**
 * The proof of a content, in lower-case hex. Up to one block it is sha256(content); above, it is the sha256 of the
 * blocks' sha256 digests in order. A plain sha256 of everything was refused: its running state cannot be stored, so
 * a transfer that resumes after a crash would have to read again all that it had already verified.
 */
export class ContentHash {
  #digests: Uint8Array[] = []
  #block: Hash = createHash('sha256')
  #blockFill = 0
  #size = 0

  /** `blocks`: the digests of whole blocks already verified (32 bytes each), to resume behind them. */
  constructor(blocks?: Uint8Array) {
    if (blocks === undefined) return
    if (blocks.byteLength % 32 !== 0)
      throw new TypeError(`blocks must be a multiple of 32 bytes, got ${blocks.byteLength}`)
    for (let at = 0; at < blocks.byteLength; at += 32) this.#digests.push(blocks.slice(at, at + 32))
    this.#size = this.#digests.length * HASH_BLOCK_SIZE
  }

  /** Bytes seen so far. */
  get size(): number {
    return this.#size
  }

  /** Bytes of whole blocks seen so far: where a transfer may resume. */
  get verified(): number {
    return this.#digests.length * HASH_BLOCK_SIZE
  }

  /** The digests of the whole blocks so far, 32 bytes each. */
  get blocks(): Uint8Array {
    return Buffer.concat(this.#digests)
  }

  update(data: Uint8Array): this {
    let rest = data
    while (rest.byteLength > 0) {
      const part = rest.subarray(0, HASH_BLOCK_SIZE - this.#blockFill)
      this.#block.update(part)
      this.#blockFill += part.byteLength
      this.#size += part.byteLength
      rest = rest.subarray(part.byteLength)
      if (this.#blockFill === HASH_BLOCK_SIZE) this.#endBlock()
    }
    return this
  }

  /** May be called once. */
  digest(): string {
    const onlyWholeBlocks = this.#blockFill === 0 && this.#digests.length > 0
    if (!onlyWholeBlocks) this.#endBlock()
    return hashOfBlocks(this.#digests)
  }

  #endBlock(): void {
    this.#digests.push(this.#block.digest())
    this.#block = createHash('sha256')
    this.#blockFill = 0
  }
}

/** The hash of a content, from the digests of its blocks in order (one at least). */
export function hashOfBlocks(digests: readonly Uint8Array[]): string {
  const [first] = digests
  if (digests.length === 1 && first !== undefined) return Buffer.from(first).toString('hex')
  return hashOnce('sha256', Buffer.concat(digests), 'hex')
}

/** The hash of a content that is at hand as a whole. */
export function contentHash(content: Uint8Array): string {
  if (content.byteLength <= HASH_BLOCK_SIZE) return hashOnce('sha256', content, 'hex')
  return new ContentHash().update(content).digest()
}
