import { OnituError, toWireError } from '@onitu/protocol'
import type { Router } from '../zmtp/router.ts'
import type { Authenticator } from './authenticator.ts'
import { bindRouter } from './bind-router.ts'
import { createConnectionCounter } from './connection-counter.ts'
import { decodeRequests, encodeReplies, MAX_FRAME_SIZE, type RequestItem } from './envelope.ts'
import { Peer, type Waiting } from './peer.ts'
import { byteLength, RECEIPT, receivedBytes } from './receipts.ts'
import { refuseLarge, STALLED } from './refusals.ts'
import { Parked, Reply } from './reply.ts'
import { ReplyBatches } from './reply-batches.ts'
import type { RequestContext, RequestHandler, Responder, ResponderCounters, ResponderOptions } from './responder.ts'

const DEFAULT_CONCURRENCY = 1_000
/** How often to look for peers that do not read, in ms. */
const STALL_CHECK = 1_000
/** Answers that were given just before closing still reach a peer that reads, in ms. */
const CLOSING_LINGER = 500
/** Bytes of a message: several requests, or one with binary frames. */
const MAX_MESSAGE = 2 * MAX_FRAME_SIZE

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
  #router: Router | undefined
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

  async bind(address: string): Promise<void> {
    const { accepted, failed, disconnected } = this.#connections
    this.#router = await bindRouter(
      {
        address,
        authenticator: this.#authenticator,
        patience: 0,
        maxFrame: MAX_FRAME_SIZE,
        maxMessage: MAX_MESSAGE,
      },
      {
        accepted,
        failed,
        disconnected: (peer) => {
          disconnected()
          if (peer !== undefined) this.#gone(peer)
        },
        message: (frames) => this.#receive(frames),
      },
    )
    this.address = this.#router.address
  }

  watch(peer: string): void {
    this.#watched.add(peer)
  }

  unwatch(peer: string): void {
    this.#watched.delete(peer)
  }

  recheckKeys(): void {
    const authenticator = this.#authenticator
    if (authenticator === undefined) return
    this.#router?.disconnectWhere(({ publicKey }, address) => !authenticator.allows(publicKey, address))
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      clearInterval(this.#stallCheck)
      this.#replies.flush()
      this.#abort.abort(new OnituError('CLOSED', 'The responder is closing', { retryable: true }))
      this.#slotFree?.()
    }
    await this.#router?.close(CLOSING_LINGER)
  }

  #receive([identity, header, ...frames]: Buffer[]): void | Promise<void> {
    if (identity === undefined) return
    const name = identity.toString('latin1')
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

  #deliver(peer: string, frames: readonly Uint8Array[]): void {
    if (this.#router?.send(peer, frames) === true) this.#bytesSent += byteLength(frames)
    else this.#undelivered++
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

  /** Unless it has come back already, under the name that it gave itself. */
  #gone(peer: string): void {
    if (this.#router?.has(peer) === true) return
    this.#peers.delete(peer)
    this.#forget(peer)
  }

  #forget(peer: string): void {
    if (this.#watched.delete(peer)) this.#peerGone?.(peer)
  }
}
