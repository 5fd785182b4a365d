import type { S3Object } from '../client/bucket.ts'

/** Finds keys between which there are about so many objects. None where keys do not come in their order. */
export class Divider {
  readonly #size: number
  readonly #boundaries: string[] = []
  #count = 0
  #greatest = ''
  #isInOrder = true

  constructor(size: number) {
    this.#size = size
  }

  get boundaries(): readonly string[] {
    return this.#isInOrder ? this.#boundaries : []
  }

  add(objects: readonly S3Object[]): void {
    for (const { key } of objects) {
      if (key <= (this.#boundaries.at(-1) ?? '')) this.#isInOrder = false
      if (key > this.#greatest) this.#greatest = key
      this.#count++
      if (this.#count < this.#size || !isPlain(key)) continue
      if (key !== this.#greatest) this.#isInOrder = false
      this.#boundaries.push(key)
      this.#count = 0
    }
  }
}

/** Beside such a key all others are on the same side in the order of bytes as in that of strings here, which differ beyond U+FFFF. */
function isPlain(key: string): boolean {
  return /^[\x20-\x7e]*$/.test(key)
}
