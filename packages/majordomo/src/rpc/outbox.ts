import { encodeItems, type Item, MAX_ITEMS } from './items.ts'
import { toParts } from './parts.ts'

/** Bytes of contents, or items, after which a message is sent though more may come in the same tick. */
const ENOUGH_BYTES = 512 * 1024
const ENOUGH_ITEMS = Math.min(500, MAX_ITEMS)

/** Puts the items of one turn of the event loop together into few messages. */
export class Outbox {
  readonly #send: (frames: readonly Uint8Array[]) => void
  readonly #unsendable: (item: Item, error: unknown) => void
  #items: Item[] = []
  #bytes = 0
  #scheduled = false
  #closed = false

  /** `unsendable`: an item that holds something else than plain data. */
  constructor(send: (frames: readonly Uint8Array[]) => void, unsendable: (item: Item, error: unknown) => void) {
    this.#send = send
    this.#unsendable = unsendable
  }

  add(item: Item, bytes: number): void {
    if (this.#closed) return
    this.#items.push(item)
    this.#bytes += bytes
    if (this.#bytes >= ENOUGH_BYTES || this.#items.length >= ENOUGH_ITEMS) this.flush()
    else this.#schedule()
  }

  flush(): void {
    if (this.#items.length === 0 || this.#closed) return
    const items = this.#items
    this.#items = []
    this.#bytes = 0
    this.#sendTogether(items)
  }

  #sendTogether(items: readonly Item[]): void {
    let frames: readonly Uint8Array[]
    try {
      frames = toParts(encodeItems(items))
    } catch (error) {
      const [first, ...others] = items
      if (first !== undefined && others.length === 0) this.#unsendable(first, error)
      else for (const item of items) this.#sendTogether([item])
      return
    }
    this.#send(frames)
  }

  close(): void {
    this.#closed = true
    this.#items = []
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // Behind all promise continuations that are due, still in this turn.
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#scheduled = false
        this.flush()
      }),
    )
  }
}
