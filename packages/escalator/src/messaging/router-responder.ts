import { OnituError, toWireError } from '@onitu/protocol'
import type { Router } from 'zeromq'
import { afterMicrotasks } from './after-microtasks.ts'
import type { Authenticator } from './authenticator.ts'
import { bindPatiently } from './bind-patiently.ts'
import { createConnectionCounter } from './connection-counter.ts'
import { watchConnections } from './connection-events.ts'
import { BATCH_WEIGHT, decodeRequests, encodeReplies, type ReplyItem, type RequestItem, weigh } from './envelope.ts'
import { readMessages } from './read-messages.ts'
import { Reply } from './reply.ts'
import type { RequestContext, RequestHandler, Responder, ResponderCounters, ResponderOptions } from './responder.ts'
import { createRouterSocket } from './router-socket.ts'
import { isPeerGone } from './socket-errors.ts'

interface Outgoing {
  readonly items: ReplyItem[]
  weight: number
}

const DEFAULT_CONCURRENCY = 1_000
/** When to look for the peer that is gone after a connection was lost, in ms. */
const PROBE_DELAYS = [10, 200, 2_000]
/** ms */
const REBIND_PATIENCE = 5_000

/** See `createResponder`. */
export class RouterResponder implements Responder {
  #connections = createConnectionCounter()
  #requests = 0
  #bytesReceived = 0
  #bytesSent = 0
  #malformed = 0
  #undelivered = 0
  address = ''
  #socket: Router | undefined
  #generation = 0
  #restarting: Promise<void> = Promise.resolve()
  #authenticator: Authenticator | undefined
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

  constructor({ handle, concurrency = DEFAULT_CONCURRENCY, peerGone, authenticator }: ResponderOptions) {
    this.#handle = handle
    this.#concurrency = concurrency
    this.#peerGone = peerGone
    this.#authenticator = authenticator
  }

  get counters(): ResponderCounters {
    return {
      connections: this.#connections.connections,
      failedHandshakes: this.#connections.failedHandshakes,
      requests: this.#requests,
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      malformed: this.#malformed,
      undelivered: this.#undelivered,
    }
  }

  async bind(address: string, patience = 0): Promise<void> {
    const socket = createRouterSocket(address, this.#authenticator)
    watchConnections(socket, {
      accepted: this.#connections.accepted,
      failed: this.#connections.failed,
      disconnected: () => {
        this.#connections.disconnected()
        this.#probeSoon()
      },
    })
    await bindPatiently(socket, address, patience)
    this.address = socket.lastEndpoint ?? address
    this.#socket = socket
    this.#reading = readMessages(socket, (frames) => this.#receive(frames))
  }

  watch(peer: string): void {
    this.#watched.add(peer)
  }

  unwatch(peer: string): void {
    this.#watched.delete(peer)
  }

  disconnectAll(): Promise<void> {
    this.#restarting = this.#restarting.then(() => this.#restart())
    return this.#restarting
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      this.#flush()
      this.#abort.abort(new OnituError('CLOSED', 'The responder is closing', { retryable: true }))
      this.#slotFree?.()
      this.#socket?.close()
    }
    // Whoever asked for a restart was told how it went.
    await Promise.allSettled([this.#restarting])
    await this.#reading
  }

  /** A new socket at the same address: the only way to be rid of connections (unbinding is not safe beside sending). */
  async #restart(): Promise<void> {
    if (this.#closed) return
    this.#flush()
    this.#socket?.close()
    this.#generation++
    this.#connections.reset()
    for (const peer of [...this.#watched]) this.#forget(peer)
    this.#slotFree?.()
    await this.#reading
    await this.bind(this.address, REBIND_PATIENCE)
    if (this.#closed) this.#socket?.close()
  }

  #receive([identity, header, ...frames]: Buffer[]): void | Promise<void> {
    if (identity === undefined) return
    const peer = `${this.#generation}:${identity.toString('latin1')}`
    this.#bytesReceived += size(header, frames)
    const context: RequestContext = { frames, signal: this.#abort.signal, peer }
    const items = this.#decode(peer, header)
    this.#requests += items.length
    for (const item of items) this.#dispatch(item, context)
    if (this.#active >= this.#concurrency) return this.#waitForSlot()
  }

  #decode(peer: string, header: Buffer | undefined): RequestItem[] {
    try {
      if (header === undefined) throw new OnituError('PROTOCOL', 'Expected a message with a header, got an empty one')
      return decodeRequests(header)
    } catch (error) {
      this.#malformed++
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
    if (this.#socket?.closed) return
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
    const identity = this.#identity(peer)
    if (identity === undefined || this.#socket === undefined || this.#socket.closed) {
      this.#undelivered++
      return
    }
    this.#bytesSent += size(undefined, frames)
    this.#socket.send([identity, ...frames]).catch((error: unknown) => {
      this.#undelivered++
      if (isPeerGone(error)) this.#forget(peer)
    })
  }

  /** Undefined when the peer had its connection to a former socket: its name may be somebody else's by now. */
  #identity(peer: string): Buffer | undefined {
    const end = peer.indexOf(':')
    return Number(peer.slice(0, end)) === this.#generation ? Buffer.from(peer.slice(end + 1), 'latin1') : undefined
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

function size(header: Uint8Array | undefined, frames: readonly Uint8Array[]): number {
  let bytes = header?.byteLength ?? 0
  for (const frame of frames) bytes += frame.byteLength
  return bytes
}
