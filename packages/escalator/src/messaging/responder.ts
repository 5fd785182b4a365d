import { OnituError, toWireError } from '@onitu/protocol'
import { Router } from 'zeromq'
import { afterMicrotasks } from './after-microtasks.ts'
import { watchConnections } from './connection-events.ts'
import {
  BATCH_WEIGHT,
  decodeRequests,
  encodeReplies,
  MAX_FRAME_SIZE,
  type ReplyItem,
  type RequestItem,
  weigh,
} from './envelope.ts'
import { readMessages } from './read-messages.ts'
import { isPeerGone } from './socket-errors.ts'

export interface RequestContext {
  /** Binary frames that came behind the body. */
  readonly frames: readonly Uint8Array[]
  /** Aborted when the responder closes. */
  readonly signal: AbortSignal
  /** The connection that asks: the same for all its requests, another after it reconnects (unless it has an identity). */
  readonly peer: string
}

/** An answer with binary frames behind its body. They are sent without a copy: leave them alone afterwards. */
export class Reply {
  readonly body: unknown
  readonly frames: readonly Uint8Array[]

  constructor(body: unknown, frames: readonly Uint8Array[]) {
    this.body = body
    this.frames = frames
  }
}

/** Gives the answer, or a `Reply` when binary frames go with it. What it throws reaches the requester as an OnituError. */
export type RequestHandler = (body: unknown, context: RequestContext) => unknown

export interface ResponderOptions {
  /** Where to bind. Default: an ipc address of its own in the system's temporary directory. */
  readonly address?: string
  readonly handle: RequestHandler
  /** Most requests handled at once; beyond it, reading waits. Default 1,000. */
  readonly concurrency?: number
  /** A peer disconnected. Called within a short time, for peers that were asked about with `watch`. */
  readonly peerGone?: (peer: string) => void
}

export interface Responder {
  /** The bound address, as a requester wants it. */
  readonly address: string
  /** What could not be read or delivered, since the start. */
  readonly counters: { readonly malformed: number; readonly undelivered: number }
  /** From now on `peerGone` is called when this peer goes away. */
  watch(peer: string): void
  unwatch(peer: string): void
  /** Sends the answers that are ready, aborts the signal, unbinds. May be called twice. */
  close(): Promise<void>
}

/** Binds, then answers until it is closed. */
export async function createResponder(options: ResponderOptions): Promise<Responder> {
  const responder = new RouterResponder(options)
  await responder.bind(options.address ?? 'ipc://*')
  return responder
}

interface Outgoing {
  readonly items: ReplyItem[]
  weight: number
}

const DEFAULT_CONCURRENCY = 1_000
/** Messages kept for one peer that does not read them. Beyond it they are dropped and that peer runs into its deadlines. */
const PEER_QUEUE = 10_000
/** Answers that were given just before closing still reach a peer that reads. */
const CLOSING_LINGER = 500
/** When to look for the peer that is gone after a connection was lost, in ms. */
const PROBE_DELAYS = [10, 200, 2_000]

class RouterResponder implements Responder {
  readonly counters = { malformed: 0, undelivered: 0 }
  #socket: Router
  #handle: RequestHandler
  #concurrency: number
  #peerGone: ((peer: string) => void) | undefined
  #abort = new AbortController()
  #active = 0
  #slotFree: (() => void) | undefined
  #outgoing = new Map<string, Outgoing>()
  #scheduled = false
  #watched = new Set<string>()
  #reading: Promise<void> = Promise.resolve()
  #closed = false

  constructor({ handle, concurrency = DEFAULT_CONCURRENCY, peerGone }: ResponderOptions) {
    this.#handle = handle
    this.#concurrency = concurrency
    this.#peerGone = peerGone
    // mandatory: a peer that is gone is an error here instead of silence. sendTimeout 0: one that does not read
    // never holds up the others.
    this.#socket = new Router({
      mandatory: true,
      handover: true,
      sendTimeout: 0,
      sendHighWaterMark: PEER_QUEUE,
      linger: CLOSING_LINGER,
      maxMessageSize: MAX_FRAME_SIZE,
    })
  }

  get address(): string {
    return this.#socket.lastEndpoint ?? ''
  }

  async bind(address: string): Promise<void> {
    watchConnections(this.#socket, { disconnected: () => this.#probeSoon() })
    try {
      await this.#socket.bind(address)
    } catch (cause) {
      this.#socket.close()
      throw new OnituError('BIND_FAILED', `Cannot listen on ${address}: ${String(cause)}`, { cause })
    }
    this.#reading = readMessages(this.#socket, (frames) => this.#receive(frames))
  }

  watch(peer: string): void {
    this.#watched.add(peer)
  }

  unwatch(peer: string): void {
    this.#watched.delete(peer)
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      this.#flush()
      this.#abort.abort(new OnituError('CLOSED', 'The responder is closing', { retryable: true }))
      this.#slotFree?.()
      this.#socket.close()
    }
    await this.#reading
  }

  #receive([identity, header, ...frames]: Buffer[]): void | Promise<void> {
    if (identity === undefined) return
    const peer = identity.toString('latin1')
    const context: RequestContext = { frames, signal: this.#abort.signal, peer }
    for (const item of this.#decode(peer, header)) this.#dispatch(item, context)
    if (this.#active >= this.#concurrency) return this.#waitForSlot()
  }

  #decode(peer: string, header: Buffer | undefined): RequestItem[] {
    try {
      if (header === undefined) throw new OnituError('PROTOCOL', 'Expected a message with a header, got an empty one')
      return decodeRequests(header)
    } catch (error) {
      this.counters.malformed++
      this.#reply(peer, { id: null, ok: false, body: toWireError(error) })
      return []
    }
  }

  #dispatch({ id, body }: RequestItem, context: RequestContext): void {
    this.#active++
    try {
      const answer = this.#handle(body, context)
      if (answer instanceof Promise)
        answer.then(
          (value) => this.#succeed(context.peer, id, value),
          (error: unknown) => this.#fail(context.peer, id, error),
        )
      else this.#succeed(context.peer, id, answer)
    } catch (error) {
      this.#fail(context.peer, id, error)
    }
  }

  #succeed(peer: string, id: number, answer: unknown): void {
    this.#release()
    if (answer instanceof Reply) {
      this.#flushPeer(peer)
      this.#send(peer, [{ id, ok: true, body: answer.body }], answer.frames)
    } else {
      this.#reply(peer, { id, ok: true, body: answer ?? null })
    }
  }

  #fail(peer: string, id: number, error: unknown): void {
    this.#release()
    this.#reply(peer, { id, ok: false, body: toWireError(error) })
  }

  #release(): void {
    this.#active--
    if (this.#active < this.#concurrency) this.#slotFree?.()
  }

  #waitForSlot(): Promise<void> {
    return new Promise((resolve) => {
      this.#slotFree = () => {
        this.#slotFree = undefined
        resolve()
      }
    })
  }

  #reply(peer: string, item: ReplyItem): void {
    let outgoing = this.#outgoing.get(peer)
    if (outgoing === undefined) {
      outgoing = { items: [], weight: 0 }
      this.#outgoing.set(peer, outgoing)
    }
    outgoing.items.push(item)
    outgoing.weight += weigh(item.body)
    if (outgoing.weight > BATCH_WEIGHT) this.#flushPeer(peer)
    if (this.#scheduled) return
    this.#scheduled = true
    afterMicrotasks(() => this.#flush())
  }

  #flush(): void {
    this.#scheduled = false
    for (const peer of [...this.#outgoing.keys()]) this.#flushPeer(peer)
  }

  #flushPeer(peer: string): void {
    const outgoing = this.#outgoing.get(peer)
    if (outgoing === undefined) return
    this.#outgoing.delete(peer)
    this.#send(peer, outgoing.items, [])
  }

  #send(peer: string, items: readonly ReplyItem[], frames: readonly Uint8Array[]): void {
    if (this.#socket.closed) return
    try {
      this.#deliver(peer, [encodeReplies(items), ...frames])
    } catch (error) {
      this.#sendApart(peer, items, error)
    }
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

  /** With sendTimeout 0 a send is done, or has failed, when the call returns: there is never a pending one. */
  #deliver(peer: string, frames: readonly Uint8Array[]): void {
    this.#socket.send([Buffer.from(peer, 'latin1'), ...frames]).catch((error: unknown) => {
      this.counters.undelivered++
      if (isPeerGone(error)) this.#forget(peer)
    })
  }

  /** The event may come before the socket has given up the connection, hence more than once. */
  #probeSoon(): void {
    for (const delay of PROBE_DELAYS) setTimeout(() => this.#probeWatched(), delay).unref()
  }

  /** ZeroMQ tells that some connection is gone, but not whose: an empty batch of replies finds out. */
  #probeWatched(): void {
    if (this.#closed) return
    const probe = encodeReplies([])
    for (const peer of this.#watched) this.#deliver(peer, [probe])
  }

  #forget(peer: string): void {
    if (this.#watched.delete(peer)) this.#peerGone?.(peer)
  }
}
