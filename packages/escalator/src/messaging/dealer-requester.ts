import { fromWireError, OnituError } from '@onitu/protocol/base'
import { AccessDeniedError, RequestTimeoutError } from '../errors.ts'
import type { Dealer, DealerHandlers } from '../zmtp/dealer.ts'
import type { HandshakeFailure } from '../zmtp/mechanism.ts'
import { afterMicrotasks } from './after-microtasks.ts'
import { decodeReplies, encodeRequests, type ReplyItem, type RequestItem } from './envelope.ts'
import { Numbered } from './numbered.ts'
import { RECEIPT, Receipts } from './receipts.ts'
import type { Answer, Requester, RequestOptions } from './requester.ts'
import { takeGroup } from './take-group.ts'

interface Pending {
  readonly id: number
  readonly body: unknown
  readonly frames: readonly Uint8Array[]
  readonly timeout: number
  readonly deadline: number
  readonly settle: (error: unknown, answer?: Answer) => void
  sent: boolean
}

const DEFAULT_TIMEOUT = 10_000
/** How exact deadlines are, in ms. One timer looks after all requests; one for each would cost more than the rest. */
const DEADLINE_STEP = 25
/** A lost connection is reported by an event; this only covers an event that came before the socket could send. */
const RETRY_DELAY = 20
/** When to try again after the handshake was refused, in ms. The second part is jitter. */
const REFUSED_DELAY = [500, 500] as const
const NO_FRAMES: readonly Uint8Array[] = []

export interface DealerRequesterOptions {
  readonly address: string
  readonly timeout?: number | undefined
  /** Whether the other end knows this one by its name after another connection. */
  readonly named: boolean
  readonly open: (handlers: DealerHandlers) => Dealer
}

/** See `createRequester`. */
export class DealerRequester implements Requester {
  readonly address: string
  #socket: Dealer
  #timeout: number
  #nextId = 1
  #pending = new Numbered<Pending>()
  #queue: Pending[] = []
  #scheduled = false
  #closed = false
  #connected = false
  #deadlines: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #handshakeFailure: HandshakeFailure | undefined
  #reconnect: NodeJS.Timeout | undefined
  #receipts = new Receipts()
  #named: boolean

  constructor({ address, timeout = DEFAULT_TIMEOUT, named, open }: DealerRequesterOptions) {
    this.address = address
    this.#timeout = timeout
    this.#named = named
    this.#socket = open({
      connected: () => this.#connect(),
      disconnected: () => this.#disconnect(),
      failed: (failure) => this.#failHandshake(failure),
      message: (frames) => this.#receive(frames),
    })
  }

  request(
    body: unknown,
    { signal, timeout = this.#timeout, frames = NO_FRAMES }: RequestOptions = {},
  ): Promise<Answer> {
    if (this.#closed) return Promise.reject(closedError(this.address))
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      const abort = signal === undefined ? undefined : () => settle(signal.reason)
      const settle = (error: unknown, answer?: Answer) => {
        if (!this.#pending.delete(id)) return
        if (abort !== undefined) signal?.removeEventListener('abort', abort)
        if (answer === undefined) reject(error)
        else resolve(answer)
      }
      if (abort !== undefined) signal?.addEventListener('abort', abort)
      this.#enqueue({ id, body, frames, timeout, deadline: performance.now() + timeout, settle, sent: false })
    })
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      clearInterval(this.#deadlines)
      clearTimeout(this.#retry)
      clearTimeout(this.#reconnect)
      this.#queue = []
      for (const pending of this.#pending.values()) pending.settle(closedError(this.address))
    }
    await this.#socket.close()
  }

  #enqueue(pending: Pending): void {
    this.#pending.add(pending.id, pending)
    this.#queue.push(pending)
    this.#deadlines ??= setInterval(() => this.#expire(), DEADLINE_STEP)
    if (this.#scheduled) return
    this.#scheduled = true
    afterMicrotasks(() => this.#flush())
  }

  #flush(): void {
    this.#scheduled = false
    while (this.#queue.length > 0 && this.#connected && !this.#closed) {
      if (!this.#sendGroup(takeGroup(this.#queue, this.#pending))) break
    }
  }

  /** False when the socket cannot send now; the group is back in the queue then. */
  #sendGroup(group: Pending[]): boolean {
    const header = this.#encode(group)
    if (header === undefined) return true
    const isSent = this.#socket.send([header, ...(group[0]?.frames ?? NO_FRAMES)])
    if (!isSent) {
      this.#queue.unshift(...group)
      this.#retryLater()
    } else for (const pending of group) pending.sent = true
    return isSent
  }

  /** Undefined when the group cannot go as one; what can be sent of it is in the queue again, request by request. */
  #encode(group: Pending[]): Uint8Array | undefined {
    if (group.length === 0) return undefined
    try {
      return encodeRequests(group)
    } catch (error) {
      const [first] = group
      if (group.length === 1) first?.settle(error)
      else this.#separate(group)
      return undefined
    }
  }

  #separate(group: Pending[]): void {
    const sendable = group.filter((pending) => {
      try {
        encodeRequests([pending])
        return true
      } catch (error) {
        pending.settle(error)
        return false
      }
    })
    this.#queue.unshift(...sendable)
  }

  #retryLater(): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#flush(), RETRY_DELAY)
  }

  #receive(frames: Buffer[]): void {
    const [header, ...rest] = frames
    if (header === undefined) return
    const receipt = this.#receipts.count(frames)
    if (receipt !== undefined) this.#report(receipt)
    for (const item of this.#decode(header)) this.#settle(item, rest)
  }

  /** At once, whatever waits. */
  #report(receipt: RequestItem): void {
    if (!this.#socket.send([encodeRequests([receipt])])) this.#receipts.takeBack(receipt)
  }

  /** Replies that cannot be read fail nobody here: whoever waits for them runs into the deadline. */
  #decode(header: Uint8Array): ReplyItem[] {
    try {
      return decodeReplies(header)
    } catch (error) {
      process.emitWarning(`Unreadable reply from ${this.address}: ${String(error)}`, 'OnituWarning')
      return []
    }
  }

  #settle({ id, ok, body }: ReplyItem, frames: readonly Uint8Array[]): void {
    // Unknown ids are replies that came after the deadline.
    const pending = id === null ? undefined : this.#pending.get(id)
    if (pending === undefined) return
    if (ok) pending.settle(undefined, { body, frames })
    else pending.settle(fromWireError(body))
  }

  #expire(): void {
    if (this.#pending.size === 0) {
      clearInterval(this.#deadlines)
      this.#deadlines = undefined
    }
    const now = performance.now()
    for (const pending of this.#pending.values()) {
      if (pending.deadline > now) continue
      pending.settle(new RequestTimeoutError(this.address, pending.timeout, pending.sent, this.#handshakeFailure))
    }
  }

  #connect(): void {
    if (this.#closed) return
    this.#connected = true
    this.#handshakeFailure = undefined
    this.#receipts.reset()
    // Under its old name the responder still counts what was on its way on the old connection.
    if (this.#named) this.#report({ id: RECEIPT, body: null })
    // Asking makes the socket notice that a former connection is gone; it would take a message for that one otherwise.
    if (this.#socket.writable) this.#flush()
    else this.#retryLater()
  }

  /**
   * The socket takes messages for a lost connection until it notices itself, and those are gone without a sign. So
   * what was sent until now fails, and nothing is sent until the next connection is reported.
   */
  #disconnect(): void {
    if (this.#closed) return
    this.#connected = false
    for (const pending of this.#pending.values()) {
      if (!pending.sent) continue
      pending.settle(
        new OnituError('DISCONNECTED', `The connection to ${this.address} was lost before the answer`, {
          retryable: true,
        }),
      )
    }
  }

  #failHandshake(failure: HandshakeFailure): void {
    if (this.#closed) return
    // One that was lost says less than why the one before it failed.
    if (failure === 'lost') return
    this.#handshakeFailure = failure
    if (failure === 'denied') {
      for (const pending of this.#pending.values()) pending.settle(new AccessDeniedError(this.address))
    }
    clearTimeout(this.#reconnect)
    const [base, jitter] = REFUSED_DELAY
    this.#reconnect = setTimeout(() => this.#socket.reconnect(), base + Math.random() * jitter)
  }
}

function closedError(address: string): OnituError {
  return new OnituError('CLOSED', `The connection to ${address} is closed on this side`)
}
