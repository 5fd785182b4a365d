import { OnituError, toWireError } from '@onitu/protocol'
import type { Item } from './items.ts'
import { Outbox } from './outbox.ts'

/** A result with bytes. */
export class WithContent {
  readonly result: unknown
  readonly content: Uint8Array

  constructor(result: unknown, content: Uint8Array) {
    this.result = result
    this.content = content
  }
}

export interface IncomingCall {
  readonly method: string
  /** Unchecked. */
  readonly args: unknown
  readonly content: Uint8Array | undefined
  /** Aborted when the caller gives it up, or the connection ends. */
  readonly signal: AbortSignal
  /** Tells the caller that the call goes on. */
  readonly atWork: () => void
}

export interface AnswererOptions {
  readonly send: (frames: readonly Uint8Array[]) => void
  /** What it throws reaches the caller. */
  readonly handle: (call: IncomingCall) => Promise<unknown>
  /** The caller asks for more than it may: it is not to be talked with any more. */
  readonly exceeded: (error: OnituError) => void
}

/** Calls begun at the same time; more wait. */
const CONCURRENCY = 2_000
/** Calls that wait or run, and bytes of their messages. A caller keeps to limits of its own, which are far below. */
const MAX_CALLS = 20_000
const MAX_BYTES = 128 * 1024 * 1024
/** Bytes of answers on their way to a caller that has not said that it got them. While there are more, no call is begun. */
const ANSWER_WINDOW = 32 * 1024 * 1024

type Call = Extract<Item, { type: 'call' }>

interface Waiting {
  readonly call: Call
  /** Bytes that it keeps in memory. */
  readonly bytes: number
}

/** The other side of a `Caller`. */
export class Answerer {
  readonly #options: AnswererOptions
  readonly #outbox: Outbox
  #running = new Map<number, AbortController>()
  #waiting: Waiting[] = []
  #bytes = 0
  #onTheWay = 0
  #closed: OnituError | undefined
  #idle: (() => void)[] = []

  constructor(options: AnswererOptions) {
    this.#options = options
    const send = (frames: readonly Uint8Array[]) => {
      for (const { byteLength } of frames) this.#onTheWay += byteLength
      options.send(frames)
    }
    this.#outbox = new Outbox(send, (item, error) => {
      if (item.type === 'result') this.#outbox.add({ type: 'failure', id: item.id, error: plainError(error) }, 0)
    })
  }

  /** An item that came from the other side: a call, a cancel or a receipt. `bytes`: its share of the message. */
  receive(item: Item, bytes: number): void {
    if (this.#closed !== undefined) return
    if (item.type === 'call') this.#take({ call: item, bytes })
    else if (item.type === 'cancel') this.#cancel(item.id)
    else if (item.type === 'receipt') {
      this.#onTheWay = Math.max(0, this.#onTheWay - item.bytes)
      this.#beginMore()
    }
  }

  /** Aborts what runs; nothing is answered any more. */
  close(error: OnituError): void {
    if (this.#closed !== undefined) return
    this.#closed = error
    this.#outbox.close()
    this.#waiting = []
    for (const controller of this.#running.values()) controller.abort(error)
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #take(waiting: Waiting): void {
    const isKnown = this.#running.has(waiting.call.id)
    if (isKnown || this.#waiting.length + this.#running.size >= MAX_CALLS || this.#bytes > MAX_BYTES) {
      const what = isKnown ? 'two calls with one id' : 'too many calls at once'
      this.#options.exceeded(new OnituError('PROTOCOL', `The other side made ${what}`))
      return
    }
    this.#bytes += waiting.bytes
    this.#waiting.push(waiting)
    this.#beginMore()
  }

  #beginMore(): void {
    while (this.#running.size < CONCURRENCY && this.#onTheWay < ANSWER_WINDOW) {
      const waiting = this.#waiting.shift()
      if (waiting === undefined) return
      void this.#run(waiting)
    }
  }

  async #run({ call: { id, method, args, content }, bytes }: Waiting): Promise<void> {
    const controller = new AbortController()
    this.#running.set(id, controller)
    let item: Item
    try {
      const { signal } = controller
      const atWork = () => {
        if (this.#running.get(id) === controller) this.#outbox.add({ type: 'atWork', id }, 0)
      }
      item = resultItem(id, await this.#options.handle({ method, args, content, signal, atWork }))
    } catch (error) {
      item = { type: 'failure', id, error: plainError(error) }
    }
    this.#running.delete(id)
    this.#bytes -= bytes
    this.#outbox.add(item, item.type === 'result' ? (item.content?.byteLength ?? 0) : 0)
    if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
    this.#beginMore()
  }

  #cancel(id: number): void {
    const error = new OnituError('CANCELLED', 'The call is not wanted any more', { retryable: true })
    const waiting = this.#waiting.findIndex(({ call }) => call.id === id)
    if (waiting === -1) {
      this.#running.get(id)?.abort(error)
      return
    }
    const [removed] = this.#waiting.splice(waiting, 1)
    this.#bytes -= removed?.bytes ?? 0
    this.#outbox.add({ type: 'failure', id, error: toWireError(error) }, 0)
  }
}

function resultItem(id: number, answer: unknown): Item {
  if (answer instanceof WithContent) return { type: 'result', id, result: answer.result, content: answer.content }
  return { type: 'result', id, result: answer ?? null }
}

/** Details are for programs on the same side. */
function plainError(error: unknown): unknown {
  return { ...toWireError(error), details: {} }
}
