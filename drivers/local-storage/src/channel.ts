import type { PlainFailure } from './failure.ts'

/** The part of a worker and of a MessagePort that both sides have. */
export interface Port {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void
}

type Call = { readonly id: number; readonly method: string; readonly input: unknown }
type Reply = { readonly id: number; readonly output?: unknown; readonly failure?: PlainFailure }
/** Both sides are this package, started together, so messages are typed and not validated. */
export type Envelope = { readonly calls: readonly Call[]; readonly replies: readonly Reply[] }

/** What a side can do for the other: method -> function of one plain value. */
type AnyMethods<M> = { [N in keyof M]: (input: never) => unknown }
type Input<F> = F extends (input: infer I) => unknown ? I : never
type Output<F> = F extends (input: never) => infer O ? Awaited<O> : never

export interface ChannelOptions<Mine> {
  readonly methods: Mine
  readonly toPlain: (error: unknown) => PlainFailure
  readonly toError: (failure: PlainFailure) => Error
}

interface Waiting {
  resolve(output: unknown): void
  reject(error: Error): void
}

/** Calls between the two threads. All calls and replies of one tick travel in one message, so that the other side sees them as one batch. */
export class Channel<Theirs extends AnyMethods<Theirs>, Mine extends AnyMethods<Mine>> {
  readonly #port: Port
  readonly #options: ChannelOptions<Mine>
  readonly #waiting = new Map<number, Waiting>()
  #calls: Call[] = []
  #replies: Reply[] = []
  #transfer: ArrayBuffer[] = []
  #scheduled = false
  #nextId = 1
  #closed: Error | undefined

  constructor(port: Port, options: ChannelOptions<Mine>) {
    this.#port = port
    this.#options = options
  }

  call<N extends keyof Theirs & string>(method: N, input: Input<Theirs[N]>): Promise<Output<Theirs[N]>> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed)
    const id = this.#nextId++
    this.#calls.push({ id, method, input })
    this.#schedule()
    return new Promise<Output<Theirs[N]>>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (output: unknown) => void, reject })
    })
  }

  receive(envelope: Envelope): void {
    for (const reply of envelope.replies) this.#settle(reply)
    for (const call of envelope.calls) void this.#answer(call)
  }

  /** Every call that waits, and every later one, fails with `reason`. */
  close(reason: Error): void {
    this.#closed ??= reason
    for (const waiting of this.#waiting.values()) waiting.reject(reason)
    this.#waiting.clear()
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (reply.failure === undefined) waiting?.resolve(reply.output)
    else waiting?.reject(this.#options.toError(reply.failure))
  }

  async #answer(call: Call): Promise<void> {
    try {
      const method: (input: never) => unknown = this.#options.methods[call.method as keyof Mine]
      const output = await method(call.input as never)
      if (output instanceof Uint8Array && output.byteLength === output.buffer.byteLength)
        this.#transfer.push(output.buffer as ArrayBuffer)
      this.#replies.push({ id: call.id, output })
    } catch (error) {
      this.#replies.push({ id: call.id, failure: this.#options.toPlain(error) })
    }
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#send())
  }

  #send(): void {
    const envelope: Envelope = { calls: this.#calls, replies: this.#replies }
    const transfer = this.#transfer
    this.#calls = []
    this.#replies = []
    this.#transfer = []
    this.#scheduled = false
    if (this.#closed === undefined) this.#port.postMessage(envelope, transfer)
  }
}
