/** Bytes: what is read goes into one of these until less than the least is left of it. */
const SLAB = 256 * 1024
const LEAST = 128 * 1024
/** Used in turns: a byte stays as it is until three more slabs have been filled, each from half its size on. */
const COUNT = 4

/** Memory to read into. New memory each time would be as much garbage as there is content, for which the collector looks at everything again and again. */
export class Slabs {
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB)
  #used = 0
  #all: Buffer[] | undefined
  #next = 0

  /** From now on; until then what was read stays for as long as somebody has it. */
  reuse(): void {
    this.#all ??= Array.from({ length: COUNT }, () => Buffer.allocUnsafeSlow(SLAB))
  }

  /** Where the next bytes go. */
  room(): Buffer {
    if (SLAB - this.#used < LEAST) {
      this.#slab = this.#all?.[this.#next] ?? Buffer.allocUnsafeSlow(SLAB)
      this.#next = (this.#next + 1) % COUNT
      this.#used = 0
    }
    return this.#slab.subarray(this.#used)
  }

  /** So many bytes of it have come. */
  take(size: number): void {
    this.#used += size
  }
}
