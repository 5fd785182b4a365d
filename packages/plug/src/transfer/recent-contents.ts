import type { Clock } from '../engine.ts'

/** Bytes that are kept, and of one content at most. */
const MOST = 8 * 1024 * 1024
const LARGEST = 256 * 1024
/** ms after which all is forgotten when nothing was added. */
const AGE = 30_000

/**
 * Small contents that were read from the service to know their hash: the services that get them ask for them a moment later, and a service far
 * away should not be asked twice. By hash, which proves them; whoever asks must be allowed to.
 */
export class RecentContents {
  readonly #clock: Clock
  readonly #contents = new Map<string, Uint8Array>()
  #size = 0
  #added = 0
  #timer: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(hash: string, content: Uint8Array): void {
    if (content.byteLength > LARGEST || this.#contents.has(hash)) return
    this.#contents.set(hash, content)
    this.#size += content.byteLength
    if (this.#size > MOST) this.#forgetOldest()
    this.#added++
    if (this.#timer === undefined) this.#forgetLater()
  }

  get(hash: string): Uint8Array | undefined {
    return this.#contents.get(hash)
  }

  clear(): void {
    this.#timer?.()
    this.#timer = undefined
    this.#contents.clear()
    this.#size = 0
  }

  #forgetOldest(): void {
    for (const [oldest, { byteLength }] of this.#contents) {
      if (this.#size <= MOST) break
      this.#contents.delete(oldest)
      this.#size -= byteLength
    }
  }

  #forgetLater(): void {
    const added = this.#added
    this.#timer = this.#clock.after(AGE, () => {
      this.#timer = undefined
      if (added === this.#added) this.clear()
      else this.#forgetLater()
    })
  }
}
