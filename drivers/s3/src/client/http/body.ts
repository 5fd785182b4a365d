import type { ResponseHead } from './response-reader.ts'

/** The body of an answer: where it is to go if it fits there, else in parts. */
export class Body {
  readonly #into: Buffer | undefined
  readonly #parts: Buffer[] = []
  #length = 0

  constructor({ status, headers }: ResponseHead, into: Uint8Array | undefined) {
    const fits = status < 300 && into !== undefined && Number(headers['content-length']) === into.byteLength
    if (fits) this.#into = Buffer.from(into.buffer, into.byteOffset, into.byteLength)
  }

  /** Copies it. */
  add(part: Buffer): void {
    if (this.#into === undefined) this.#parts.push(Buffer.from(part))
    else part.copy(this.#into, this.#length)
    this.#length += part.byteLength
  }

  content(): Buffer {
    if (this.#into !== undefined) return this.#into.subarray(0, this.#length)
    const [only] = this.#parts
    return this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts)
  }
}
