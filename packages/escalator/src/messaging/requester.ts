import type { CurveClientOptions } from './curve-client.ts'
import { DealerRequester } from './dealer-requester.ts'
import { createDealerSocket } from './dealer-socket.ts'

export interface RequesterOptions {
  readonly address: string
  /** Deadline of a request in ms, unless it brings its own. Default 10,000. */
  readonly timeout?: number
  /** A name for this end that survives reconnects. Default: one that the responder makes up for each connection. */
  readonly identity?: string
  /** For a responder with an authenticator. Default: none of it. */
  readonly curve?: CurveClientOptions
}

export interface RequestOptions {
  readonly signal?: AbortSignal
  /** Deadline in ms. */
  readonly timeout?: number
  /** Binary frames sent behind the body, without a copy: leave them alone until the answer is there. */
  readonly frames?: readonly Uint8Array[]
}

export interface Answer {
  readonly body: unknown
  readonly frames: readonly Uint8Array[]
}

/**
 * One end of a multiplexed connection. Requests are sent in the order of the calls; answers come in any order.
 *
 * A request fails with what the responder threw, or with
 * `REQUEST_TIMEOUT` (retryable; `details.sent` false when it never left),
 * `DISCONNECTED` (retryable; it was sent, and the connection was lost before the answer),
 * `ACCESS_DENIED` (the responder does not allow the key; it is asked again about every second),
 * `MESSAGE_TOO_LARGE`, `CLOSED`, or the reason of its signal.
 * What was not sent yet when a connection is lost waits for the next one until its deadline.
 */
export interface Requester {
  readonly address: string
  request(body: unknown, options?: RequestOptions): Promise<Answer>
  /** Fails all that waits with `CLOSED`. May be called twice. */
  close(): Promise<void>
}

export function createRequester({ address, timeout, identity, curve }: RequesterOptions): Requester {
  return new DealerRequester({
    ...{ address, timeout, named: identity !== undefined },
    open: (handlers) => createDealerSocket({ address, identity, curve }, handlers),
  })
}
