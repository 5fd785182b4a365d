import type { Authenticator } from './authenticator.ts'
import { RouterResponder } from './router-responder.ts'

export { Parked, Reply } from './reply.ts'

export interface RequestContext {
  /** Binary frames that came behind the body. */
  readonly frames: readonly Uint8Array[]
  /** Aborted when the responder closes. */
  readonly signal: AbortSignal
  /** The connection that asks: the same for all its requests, another after it reconnects (unless it has an identity). */
  readonly peer: string
}

/** Gives the answer, or a `Reply` when binary frames go with it. What it throws reaches the requester as an OnituError. */
export type RequestHandler = (body: unknown, context: RequestContext) => unknown

export interface ResponderOptions {
  /** Where to bind. Default: an ipc address of its own in the system's temporary directory. */
  readonly address?: string
  readonly handle: RequestHandler
  /** Most requests handled at once; beyond it, reading waits. Default 1,000. */
  readonly concurrency?: number
  /** Most requests of one peer handled at once; its others wait. Default: no limit of its own. */
  readonly peerConcurrency?: number
  /** Bytes of a request: what has more is answered with `REQUEST_TOO_LARGE`. Default: what one frame may have, 64 MiB. */
  readonly maxRequest?: number
  /** A peer disconnected, or was dropped since it did not read its answers. Called within a short time, for peers that were asked about with `watch`. */
  readonly peerGone?: (peer: string) => void
  /** Encrypts, and lets only those connect whose key it allows. Default: everyone who reaches the address may connect. */
  readonly authenticator?: Authenticator
}

export interface ResponderCounters {
  /** Open connections, with those whose handshake is under way. */
  readonly connections: number
  /** Connections that did not come about: the key is not allowed, the two sides disagree, or one went away. */
  readonly failedHandshakes: number
  readonly requests: number
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Messages that could not be read. */
  readonly malformed: number
  /** Messages that their peer did not take, or was gone for. */
  readonly undelivered: number
  /** Peers that did not read their answers, so that these were dropped. */
  readonly dropped: number
}

export interface Responder {
  /** The bound address, as a requester wants it. */
  readonly address: string
  /** Since the start. */
  readonly counters: ResponderCounters
  /** From now on `peerGone` is called when this peer goes away. */
  watch(peer: string): void
  unwatch(peer: string): void
  /** Cuts off, at once, each connection whose key the authenticator does not allow any more. */
  recheckKeys(): void
  /** Sends the answers that are ready, aborts the signal, unbinds. May be called twice. */
  close(): Promise<void>
}

/** Binds, then answers until it is closed. */
export async function createResponder(options: ResponderOptions): Promise<Responder> {
  const responder = new RouterResponder(options)
  try {
    await responder.bind(options.address ?? 'ipc://*')
    return responder
  } catch (error) {
    await responder.close()
    throw error
  }
}
