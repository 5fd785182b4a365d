import { createHash, webcrypto } from 'node:crypto'
import { HASH_BLOCK_SIZE } from './content-hash.ts'

/** Blocks that are hashed before it is known: the fastest of them counts, for the others may have been interrupted. */
const TRIED = 4

/**
 * Hashes blocks where they are: that takes 0.7 ms each on a processor with instructions for SHA-256. To have another thread of the libuv pool do it takes as
 * long on this one, for it is given a copy in memory that is new (1.4 ms of processor time in all). Where hashing is slow, as on small machines, the other
 * threads are used: several blocks at once. It is slow where SHA-512 is faster, which is so on all processors of 64 bits without those instructions.
 * Refused: a time as the limit. On a busy machine 0.7 ms became 2 to 3, and all was copied.
 */
export class BlockHasher {
  readonly #now: () => number
  #tried = 0
  /** ms */
  readonly #fastest = { sha256: Number.POSITIVE_INFINITY, sha512: Number.POSITIVE_INFINITY }

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** SHA-256. At once, or soon: `block` may be overwritten in both cases. */
  hash(block: Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (this.#tried >= TRIED) return this.isSlow ? digestElsewhere(block) : digestHere('sha256', block)
    return block.byteLength === HASH_BLOCK_SIZE ? this.#try(block) : digestHere('sha256', block)
  }

  /** Whether blocks are given to other threads; false until it is known. */
  get isSlow(): boolean {
    return this.#fastest.sha256 > this.#fastest.sha512
  }

  #try(block: Uint8Array): Uint8Array {
    this.#tried++
    this.#timed('sha512', block)
    return this.#timed('sha256', block)
  }

  #timed(algorithm: 'sha256' | 'sha512', block: Uint8Array): Uint8Array {
    const started = this.#now()
    const digest = digestHere(algorithm, block)
    this.#fastest[algorithm] = Math.min(this.#fastest[algorithm], this.#now() - started)
    return digest
  }
}

function digestHere(algorithm: string, block: Uint8Array): Uint8Array {
  return createHash(algorithm).update(block).digest()
}

async function digestElsewhere(block: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', block))
}
