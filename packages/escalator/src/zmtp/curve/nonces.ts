/** Of XSalsa20. */
const NONCE_SIZE = 24
/** Bytes of a nonce that travel; the others say what it is for. */
const SHORT_NONCE = 8
const LONG_NONCE = 16
const HALF = 2 ** 32

/** A nonce of which the end is 8 or 16 bytes that came with the box. */
export function nonceOf(prefix: string, end: Uint8Array): Buffer {
  const nonce = Buffer.alloc(NONCE_SIZE)
  nonce.write(prefix, 'latin1')
  nonce.set(end, prefix.length)
  return nonce
}

export const nonceSizes = { short: SHORT_NONCE, long: LONG_NONCE }

/** Nonces of one end of a connection, which count up from 1: never the same twice under one key. */
export class NonceCounter {
  #last = 0

  next(): Buffer {
    this.#last++
    const end = Buffer.alloc(SHORT_NONCE)
    end.writeUInt32BE(Math.floor(this.#last / HALF))
    end.writeUInt32BE(this.#last % HALF, 4)
    return end
  }

  /** What the other end has used: false when it is not higher than all before, so that nothing can be played again. */
  take(end: Buffer): boolean {
    const number = end.readUInt32BE() * HALF + end.readUInt32BE(4)
    if (number <= this.#last || number > Number.MAX_SAFE_INTEGER) return false
    this.#last = number
    return true
  }
}
