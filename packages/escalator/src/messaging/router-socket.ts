import { Router } from 'zeromq'
import type { Authenticator } from './authenticator.ts'
import { MAX_FRAME_SIZE } from './envelope.ts'
import { transportOptions } from './transport-options.ts'

/** Messages kept for one peer that does not read them. Beyond it they are dropped and that peer runs into its deadlines. */
const PEER_QUEUE = 10_000
/** Answers that were given just before closing still reach a peer that reads. */
const CLOSING_LINGER = 500

/** The socket of a responder at `address`, before it is bound. */
export function createRouterSocket(address: string, authenticator: Authenticator | undefined): Router {
  return new Router({
    // A peer that is gone is an error here instead of silence.
    mandatory: true,
    // Among strangers nobody takes over the name, and so the answers, of somebody else.
    handover: authenticator === undefined,
    // One that does not read never holds up the others.
    sendTimeout: 0,
    sendHighWaterMark: PEER_QUEUE,
    linger: CLOSING_LINGER,
    maxMessageSize: MAX_FRAME_SIZE,
    ...transportOptions(address),
    ...authenticator?.socketOptions,
  })
}
