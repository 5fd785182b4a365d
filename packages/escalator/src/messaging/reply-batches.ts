import { toWireError } from '@onitu/protocol'
import { afterMicrotasks } from './after-microtasks.ts'
import { BATCH_WEIGHT, checkFrameSize, encodeReplies, type ReplyItem, weigh } from './envelope.ts'

interface Batch {
  readonly items: ReplyItem[]
  weight: number
}

type Deliver = (peer: string, frames: readonly Uint8Array[]) => void

/** Puts the answers of one turn of the event loop together, so that each peer gets few messages. */
export class ReplyBatches {
  #deliver: Deliver
  #batches = new Map<string, Batch>()
  #scheduled = false

  constructor(deliver: Deliver) {
    this.#deliver = deliver
  }

  add(peer: string, item: ReplyItem): void {
    let batch = this.#batches.get(peer)
    if (batch === undefined) {
      batch = { items: [], weight: 0 }
      this.#batches.set(peer, batch)
    }
    batch.items.push(item)
    batch.weight += weigh(item.body)
    if (batch.weight > BATCH_WEIGHT) this.#flushPeer(peer)
    if (this.#scheduled) return
    this.#scheduled = true
    afterMicrotasks(() => this.flush())
  }

  /** Alone, behind what was added before. */
  addWithFrames(peer: string, item: ReplyItem, frames: readonly Uint8Array[]): void {
    this.#flushPeer(peer)
    this.#send(peer, [item], frames)
  }

  flush(): void {
    this.#scheduled = false
    const batches = this.#batches
    // Not the same Map for ever, see Numbered.
    this.#batches = new Map()
    for (const [peer, { items }] of batches) this.#send(peer, items, [])
  }

  #flushPeer(peer: string): void {
    const batch = this.#batches.get(peer)
    if (batch === undefined) return
    this.#batches.delete(peer)
    this.#send(peer, batch.items, [])
  }

  #send(peer: string, items: readonly ReplyItem[], frames: readonly Uint8Array[]): void {
    let header: Uint8Array
    try {
      header = encodeReplies(items)
      frames.forEach(checkFrameSize)
    } catch (error) {
      this.#sendApart(peer, items, error)
      return
    }
    this.#deliver(peer, [header, ...frames])
  }

  /** An answer that cannot be sent (too large, not plain data) becomes an error; the others go on their own. */
  #sendApart(peer: string, items: readonly ReplyItem[], error: unknown): void {
    const [first, ...others] = items
    if (first === undefined) return
    // Without its details: they may be what cannot be sent.
    const body = { ...toWireError(error), details: {} }
    const apart = others.length === 0 ? [{ id: first.id, ok: false, body }] : items
    for (const item of apart) this.#send(peer, [item], [])
  }
}
