import { fromWireError, OnituError } from '@onitu/protocol'
import type { Item } from './items.ts'
import { Outbox } from './outbox.ts'

export interface CallOptions {
  /** Bytes that go with the call, without a copy: left alone until the answer is there. */
  readonly content?: Uint8Array
  /** About how many bytes the arguments, or the answer, take beside the content. Default 0. */
  readonly expected?: number
  /** Goes out behind what was called so before, however small it is: as the last chunk of a content behind the others. */
  readonly inOrder?: true
  /** Tells the other side that the answer is not wanted any more. It is waited for nevertheless: it says that the call has ended. */
  readonly signal?: AbortSignal | undefined
  /** Called when the other side says that the call goes on. */
  readonly atWork?: () => void
  /** ms. Default: none, for calls of which the caller has a deadline of its own. */
  readonly timeout?: number
}

export interface Answer {
  readonly result: unknown
  readonly content: Uint8Array | undefined
}

interface Pending {
  readonly weight: number
  readonly atWork: (() => void) | undefined
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

interface Queued extends Pending {
  readonly item: Item
  readonly inOrder: boolean
}

/** Calls with more than this, to or fro, wait for their turn; all others go at once. */
const LARGE = 64 * 1024
/**
 * Bytes of large contents on their way. What is on its way delays whatever comes behind it: this much is what a fast network
 * needs to be kept busy.
 */
const LARGE_WINDOW = 4 * 1024 * 1024
/** Calls on their way, and bytes of those that are not large; more wait. */
const WINDOW = 2_000
const SMALL_WINDOW = 8 * 1024 * 1024
/** Bytes of answers after which their sender is told that they have come in. */
const RECEIPT_STEP = 512 * 1024

/** One side of a connection on which this side calls and the other answers. Sends nothing before the next tick. */
export class Caller {
  readonly #outbox: Outbox
  #nextId = 1
  #pending = new Map<number, Pending>()
  #small: Queued[] = []
  #large: Queued[] = []
  #largeBytes = 0
  #smallBytes = 0
  #received = 0
  #failure: OnituError | undefined

  constructor(send: (frames: readonly Uint8Array[]) => void) {
    this.#outbox = new Outbox(send, (item, error) => {
      if (item.type === 'call') this.#reject(item.id, error)
    })
  }

  /** @throws what the other side threw; the error of `close`; OnituError `CALL_TIMEOUT` */
  async call(method: string, args: unknown, options: CallOptions = {}): Promise<Answer> {
    const { content, expected = 0, inOrder = false, signal, timeout, atWork } = options
    signal?.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure
    const id = this.#nextId++
    let timer: NodeJS.Timeout | undefined
    const cancel = () => this.#cancel(id)
    signal?.addEventListener('abort', cancel)
    try {
      return await new Promise<Answer>((resolve, reject) => {
        if (timeout !== undefined) timer = setTimeout(() => this.#expire(id, method, timeout), timeout)
        const item: Item = { type: 'call', id, method, args, ...(content && { content }) }
        const weight = (content?.byteLength ?? 0) + expected
        this.#enqueue({ item, weight, inOrder, atWork, resolve, reject })
      })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
    }
  }

  /** An item that came from the other side: a result or a failure. */
  receive(item: Item): void {
    if (item.type === 'atWork') this.#pending.get(item.id)?.atWork?.()
    if (item.type !== 'result' && item.type !== 'failure') return
    const pending = this.#pending.get(item.id)
    // Of one that has expired.
    if (pending === undefined) return
    this.#forget(item.id, pending)
    if (item.type === 'failure') pending.reject(fromWireError(item.error))
    else pending.resolve({ result: item.result, content: item.content })
  }

  /** Counts what came in, whatever it was. */
  received(bytes: number): void {
    this.#received += bytes
    if (this.#received < RECEIPT_STEP) return
    this.#outbox.add({ type: 'receipt', bytes: this.#received }, 0)
    this.#received = 0
  }

  /** Fails all that waits, and what is called from now on. */
  close(error: OnituError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#outbox.close()
    const waiting = [...this.#pending.values(), ...this.#small, ...this.#large]
    this.#pending.clear()
    this.#small = []
    this.#large = []
    for (const { reject } of waiting) reject(error)
  }

  #enqueue(queued: Queued): void {
    if (queued.weight > LARGE || queued.inOrder) this.#large.push(queued)
    else this.#small.push(queued)
    this.#sendMore()
  }

  #sendMore(): void {
    while (this.#pending.size < WINDOW) {
      const next = this.#nextSmall() ?? this.#nextLarge()
      if (next === undefined || next.item.type !== 'call') return
      this.#weigh(next.weight, 1)
      this.#pending.set(next.item.id, next)
      this.#outbox.add(next.item, next.item.content?.byteLength ?? 0)
    }
  }

  #nextSmall(): Queued | undefined {
    return this.#smallBytes < SMALL_WINDOW ? this.#small.shift() : undefined
  }

  #nextLarge(): Queued | undefined {
    const [first] = this.#large
    if (first === undefined || (this.#largeBytes > 0 && this.#largeBytes + first.weight > LARGE_WINDOW))
      return undefined
    return this.#large.shift()
  }

  #forget(id: number, { weight }: Pending): void {
    this.#pending.delete(id)
    this.#weigh(weight, -1)
    this.#sendMore()
  }

  #weigh(weight: number, sign: 1 | -1): void {
    if (weight > LARGE) this.#largeBytes += sign * weight
    else this.#smallBytes += sign * weight
  }

  #reject(id: number, error: unknown): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    this.#forget(id, pending)
    pending.reject(error)
  }

  #cancel(id: number): void {
    if (this.#pending.has(id)) this.#outbox.add({ type: 'cancel', id }, 0)
  }

  #expire(id: number, method: string, timeout: number): void {
    const isIt = ({ item }: Queued) => 'id' in item && item.id === id
    const queued = this.#small.find(isIt) ?? this.#large.find(isIt)
    const pending = this.#pending.get(id) ?? queued
    if (pending === undefined) return
    this.#small = this.#small.filter((one) => one !== queued)
    this.#large = this.#large.filter((one) => one !== queued)
    if (this.#pending.has(id)) {
      this.#cancel(id)
      this.#forget(id, pending)
    }
    pending.reject(
      new OnituError('CALL_TIMEOUT', `${method} was not answered within ${timeout / 1000} s`, { retryable: true }),
    )
  }
}
