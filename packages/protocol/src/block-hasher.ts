import { createHash, webcrypto } from 'node:crypto'
import { HASH_BLOCK_SIZE } from './content-hash.ts'

/** ms for a block of 1 MiB, above which other threads are worth what it costs to use them. */
const SLOW = 1.5
/** Blocks that are hashed before that is known: the fastest of them counts, for the others may have been interrupted. */
const TRIED = 4

/**
 * Hashes blocks where they are: that takes 0.7 ms each on a processor with instructions for SHA-256. To have another thread of the libuv pool do it takes as
 * long on this one, for it is given a copy in memory that is new (1.4 ms of processor time in all). Where hashing is slow, as on small machines, the other
 * threads are used: several blocks at once.
 */
export class BlockHasher {
  readonly #now: () => number
  #tried = 0
  #fastest = Number.POSITIVE_INFINITY

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** SHA-256. At once, or soon: `block` may be overwritten in both cases. */
  hash(block: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.#isSlow ? digestElsewhere(block) : this.#digestHere(block)
  }

  get #isSlow(): boolean {
    return this.#tried >= TRIED && this.#fastest > SLOW
  }

  #digestHere(block: Uint8Array): Uint8Array {
    const started = this.#now()
    const digest = createHash('sha256').update(block).digest()
    if (this.#tried < TRIED && block.byteLength === HASH_BLOCK_SIZE) {
      this.#tried++
      this.#fastest = Math.min(this.#fastest, this.#now() - started)
    }
    return digest
  }
}

async function digestElsewhere(block: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', block))
}
