import { OnituError, toWireError } from '@onitu/protocol'
import type { Authenticator } from './authenticator.ts'
import { createConnectionCounter } from './connection-counter.ts'
import { decodeRequests, encodeReplies, MAX_FRAME_SIZE, type RequestItem } from './envelope.ts'
import { Peer, type Waiting } from './peer.ts'
import { byteLength, RECEIPT, receivedBytes } from './receipts.ts'
import { refuseLarge, STALLED } from './refusals.ts'
import { Parked, Reply } from './reply.ts'
import { ReplyBatches } from './reply-batches.ts'
import type { RequestContext, RequestHandler, Responder, ResponderCounters, ResponderOptions } from './responder.ts'
import { bindRouterSocket, type RouterSocket } from './router-socket.ts'
import { isPeerGone } from './socket-errors.ts'

const DEFAULT_CONCURRENCY = 1_000
/** When to look for the peer that is gone after a connection was lost, in ms. */
const PROBE_DELAYS = [10, 200, 2_000]
/** How often to look for peers that do not read, in ms. */
const STALL_CHECK = 1_000
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
  #dropped = 0
  address = ''
  #socket: RouterSocket | undefined
  #generation = 0
  #restarting: Promise<void> = Promise.resolve()
  #authenticator: Authenticator | undefined
  #handle: RequestHandler
  #concurrency: number
  #peerConcurrency: number
  #maxRequest: number
  #peerGone: ((peer: string) => void) | undefined
  #abort = new AbortController()
  #active = 0
  #slotFree: (() => void) | undefined
  #peers = new Map<string, Peer<RequestContext>>()
  #replies = new ReplyBatches((peer, frames) => this.#answer(peer, frames))
  #stallCheck = setInterval(() => this.#dropStalled(), STALL_CHECK).unref()
  #watched = new Set<string>()
  #closed = false

  constructor({ handle, concurrency, peerConcurrency, maxRequest, peerGone, authenticator }: ResponderOptions) {
    this.#handle = handle
    this.#concurrency = concurrency ?? DEFAULT_CONCURRENCY
    this.#peerConcurrency = peerConcurrency ?? Number.POSITIVE_INFINITY
    this.#maxRequest = maxRequest ?? MAX_FRAME_SIZE
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
      dropped: this.#dropped,
    }
  }

  async bind(address: string, patience = 0): Promise<void> {
    const socket = await bindRouterSocket(address, this.#authenticator, patience, {
      accepted: this.#connections.accepted,
      failed: this.#connections.failed,
      disconnected: () => {
        this.#connections.disconnected()
        this.#probeSoon()
      },
      message: (frames) => this.#receive(frames),
    })
    this.address = socket.address
    this.#socket = socket
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
      clearInterval(this.#stallCheck)
      this.#replies.flush()
      this.#abort.abort(new OnituError('CLOSED', 'The responder is closing', { retryable: true }))
      this.#slotFree?.()
    }
    // Whoever asked for a restart was told how it went.
    await Promise.allSettled([this.#socket?.close(), this.#restarting])
    await this.#socket?.close()
  }

  /** A new socket at the same address: the only way to be rid of connections (unbinding is not safe beside sending). */
  async #restart(): Promise<void> {
    if (this.#closed) return
    this.#replies.flush()
    const closed = this.#socket?.close()
    this.#generation++
    this.#connections.reset()
    this.#peers.clear()
    for (const peer of [...this.#watched]) this.#forget(peer)
    this.#slotFree?.()
    await closed
    await this.bind(this.address, REBIND_PATIENCE)
    if (this.#closed) await this.#socket?.close()
  }

  #receive([identity, header, ...frames]: Buffer[]): void | Promise<void> {
    if (identity === undefined) return
    const name = `${this.#generation}:${identity.toString('latin1')}`
    const bytes = (header?.byteLength ?? 0) + byteLength(frames)
    this.#bytesReceived += bytes
    const context: RequestContext = { frames, signal: this.#abort.signal, peer: name }
    const peer = this.#peerOf(name)
    const items = this.#decode(name, header)
    for (const item of items) {
      const refusal = refuseLarge(item, items.length, bytes, this.#maxRequest)
      if (refusal === undefined) this.#take(item, peer, context)
      else this.#replies.add(name, { id: item.id, ok: false, body: refusal })
    }
    if (this.#active >= this.#concurrency) return this.#waitForSlot()
  }

  #take(item: RequestItem, peer: Peer<RequestContext>, context: RequestContext): void {
    if (item.id === RECEIPT) {
      peer.received(receivedBytes(item))
      return
    }
    this.#requests++
    if (peer.dropped) this.#deliver(context.peer, [encodeReplies([{ id: item.id, ok: false, body: STALLED }])])
    else peer.request({ item, context })
  }

  #peerOf(name: string): Peer<RequestContext> {
    let peer = this.#peers.get(name)
    if (peer === undefined) {
      peer = new Peer({
        limit: this.#peerConcurrency,
        begin: (waiting) => this.#begin(waiting),
        send: (frames) => this.#deliver(name, frames),
      })
      this.#peers.set(name, peer)
    }
    return peer
  }

  #decode(peer: string, header: Buffer | undefined): RequestItem[] {
    try {
      if (header === undefined) throw new OnituError('PROTOCOL', 'Expected a message with a header, got an empty one')
      return decodeRequests(header)
    } catch (error) {
      this.#malformed++
      this.#replies.add(peer, { id: null, ok: false, body: toWireError(error) })
      return []
    }
  }

  #begin({ item: { id, body }, context }: Waiting<RequestContext>): void {
    this.#active++
    try {
      const answer = this.#handle(body, context)
      if (answer instanceof Promise) this.#settle(answer, context.peer, id, true)
      else if (answer instanceof Parked) {
        this.#release(context.peer)
        this.#settle(answer.answer, context.peer, id, false)
      } else this.#succeed(context.peer, id, answer, true)
    } catch (error) {
      this.#fail(context.peer, id, error, true)
    }
  }

  /** `counts`: it has not been released before. */
  #settle(answer: Promise<unknown>, peer: string, id: number, counts: boolean): void {
    answer.then(
      (value) => this.#succeed(peer, id, value, counts),
      (error: unknown) => this.#fail(peer, id, error, counts),
    )
  }

  #succeed(peer: string, id: number, answer: unknown, counts: boolean): void {
    if (answer instanceof Reply) this.#replies.addWithFrames(peer, { id, ok: true, body: answer.body }, answer.frames)
    else this.#replies.add(peer, { id, ok: true, body: answer ?? null })
    if (counts) this.#release(peer)
  }

  #fail(peer: string, id: number, error: unknown, counts: boolean): void {
    this.#replies.add(peer, { id, ok: false, body: toWireError(error) })
    if (counts) this.#release(peer)
  }

  #release(peer: string): void {
    this.#active--
    this.#peers.get(peer)?.release()
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

  #answer(peer: string, frames: readonly Uint8Array[]): void {
    // A peer that is forgotten is gone.
    this.#peers.get(peer)?.answer(frames)
  }

  /** With sendTimeout 0 a send is done, or has failed, when the call returns: there is never a pending one. */
  #deliver(peer: string, frames: readonly Uint8Array[]): void {
    const identity = this.#identity(peer)
    if (identity === undefined || this.#socket === undefined || this.#socket.closed) {
      this.#undelivered++
      return
    }
    this.#bytesSent += byteLength(frames)
    this.#socket.send([identity, ...frames]).catch((error: unknown) => {
      this.#undelivered++
      if (!isPeerGone(error)) return
      this.#peers.delete(peer)
      this.#forget(peer)
    })
  }

  /** Undefined when the peer had its connection to a former socket: its name may be somebody else's by now. */
  #identity(peer: string): Buffer | undefined {
    const end = peer.indexOf(':')
    return Number(peer.slice(0, end)) === this.#generation ? Buffer.from(peer.slice(end + 1), 'latin1') : undefined
  }

  #dropStalled(): void {
    const now = performance.now()
    for (const [name, peer] of this.#peers) {
      if (!peer.stalled(now)) continue
      this.#dropped++
      peer.drop()
      this.#forget(name)
    }
  }

  /** The event may come before the socket has given up the connection, hence more than once. */
  #probeSoon(): void {
    for (const delay of PROBE_DELAYS) setTimeout(() => this.#probe(), delay).unref()
  }

  /** ZeroMQ tells that some connection is gone, but not whose: an empty batch of replies finds out. */
  #probe(): void {
    if (this.#closed) return
    const probe = encodeReplies([])
    for (const peer of this.#peers.keys()) this.#deliver(peer, [probe])
  }

  #forget(peer: string): void {
    if (this.#watched.delete(peer)) this.#peerGone?.(peer)
  }
}
