import { setImmediate } from 'node:timers/promises'
import { BlockHasher } from './block-hasher.ts'
import { HASH_BLOCK_SIZE, hashOfBlocks } from './content-hash.ts'

/** Digests in the works at once: enough for the threads that there are, and few enough that memory stays flat. */
const MOST_UNDER_WAY = 4

/** Blocks that are hashed here in one go, before others get their turn: some ms. */
const AT_ONCE = 4

/** One for the process: how fast it is here does not change. */
const hasher = new BlockHasher()

/**
 * The same hash as ContentHash, for large contents: where hashing is slow its blocks are hashed by other threads, several at a time, while the caller reads or
 * writes; and where it is fast, others get their turn in between.
 */
export class BlockHash {
  #digests: Uint8Array[] = []
  /** How many digests are there from the beginning without a gap. */
  #known = 0
  #started: number
  #underWay = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  /** Blocks that were hashed here since others had their turn. */
  #inTurn = 0
  /** Of the block that is not whole yet. */
  #parts: Uint8Array[] = []
  #fill = 0
  #size: number

  /** `blocks`: the digests of whole blocks already verified (32 bytes each), to resume behind them. */
  constructor(blocks: Uint8Array = new Uint8Array()) {
    if (blocks.byteLength % 32 !== 0)
      throw new TypeError(`blocks must be a multiple of 32 bytes, got ${blocks.byteLength}`)
    for (let at = 0; at < blocks.byteLength; at += 32) this.#digests.push(blocks.slice(at, at + 32))
    this.#known = this.#digests.length
    this.#started = this.#known
    this.#size = this.#known * HASH_BLOCK_SIZE
  }

  /** Whether blocks are given to other threads, since hashing is slow here. Not known before four of them are hashed; false until then. */
  static get isElsewhere(): boolean {
    return hasher.isSlow
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#size
  }

  /** Bytes from the beginning of which the digests are known: where a transfer may resume. */
  get verified(): number {
    return Math.min(this.#size, this.#known * HASH_BLOCK_SIZE)
  }

  /** The digests of those bytes, 32 for each block. */
  get blocks(): Uint8Array {
    return Buffer.concat(this.#digests.slice(0, this.#known))
  }

  /** One call at a time. Resolves when there is room for more; `data` may be overwritten then. */
  async update(data: Uint8Array): Promise<void> {
    if (this.#fill === 0) this.#requireWhole()
    this.#size += data.byteLength
    for (let rest = data; rest.byteLength > 0; ) {
      const part = rest.subarray(0, HASH_BLOCK_SIZE - this.#fill)
      rest = rest.subarray(part.byteLength)
      this.#fill += part.byteLength
      // A whole block is hashed, or copied for it, at once; a part has to wait for the rest of its block.
      const isWhole = this.#fill === HASH_BLOCK_SIZE
      this.#parts.push(isWhole ? part : Uint8Array.from(part))
      if (isWhole) this.#endBlock()
      while (this.#underWay.size >= MOST_UNDER_WAY) await Promise.race(this.#underWay)
      if (this.#inTurn >= AT_ONCE) await this.#giveTurn()
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /**
   * Blocks that were hashed elsewhere: their digests, 32 bytes each. `size`: bytes of them; where the last one is not whole, nothing can come behind it.
   * @throws TypeError in the middle of a block, or when there are not as many digests as blocks
   */
  append(blocks: Uint8Array, size = (blocks.byteLength / 32) * HASH_BLOCK_SIZE): void {
    this.#requireWhole()
    if (blocks.byteLength !== Math.ceil(size / HASH_BLOCK_SIZE) * 32)
      throw new TypeError(`blocks must have 32 bytes for each block of ${size} bytes, got ${blocks.byteLength}`)
    for (let at = 0; at < blocks.byteLength; at += 32) this.#digests[this.#started++] = blocks.slice(at, at + 32)
    this.#size += size
    this.#advance()
  }

  /** In lower-case hex. Nothing may be added afterwards; it may be asked for again. */
  async digest(): Promise<string> {
    if (this.#fill > 0 || this.#started === 0) this.#endBlock()
    await Promise.all(this.#underWay)
    if (this.#failure !== undefined) throw this.#failure.error
    return hashOfBlocks(this.#digests)
  }

  #requireWhole(): void {
    if (this.#size % HASH_BLOCK_SIZE !== 0)
      throw new TypeError(`Nothing can be appended after ${this.#size} bytes: the last block is not whole`)
  }

  #advance(): void {
    while (this.#digests[this.#known] !== undefined) this.#known++
  }

  #endBlock(): void {
    const [only] = this.#parts
    const block = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts)
    this.#parts = []
    this.#fill = 0
    const index = this.#started++
    const digest = hasher.hash(block)
    if (digest instanceof Uint8Array) {
      this.#inTurn++
      this.#know(index, digest)
      return
    }
    const work = this.#await(index, digest).finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
  }

  async #giveTurn(): Promise<void> {
    this.#inTurn = 0
    await setImmediate()
  }

  async #await(index: number, digest: Promise<Uint8Array>): Promise<void> {
    try {
      this.#know(index, await digest)
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  #know(index: number, digest: Uint8Array): void {
    this.#digests[index] = digest
    this.#advance()
  }
}
