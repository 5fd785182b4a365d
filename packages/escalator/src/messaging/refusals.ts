import { OnituError, toWireError } from '@onitu/protocol'
import { type RequestItem, weigh } from './envelope.ts'

/** What a peer is told that was dropped and asks on, until it reads. */
export const STALLED = toWireError(
  new OnituError('CLIENT_STALLED', 'This client did not read its answers, so they were dropped; nothing was done', {
    retryable: true,
  }),
)

/** The refusal of a request that is larger than `limit`. `bytes`: of the message that it came in, with `count` requests in all. */
export function refuseLarge({ body }: RequestItem, count: number, bytes: number, limit: number): unknown {
  // Together they have no more than the message, so most messages need no look at each.
  const size = bytes <= limit || count === 1 ? bytes : weigh(body)
  if (size <= limit) return undefined
  return toWireError(
    new OnituError(
      'REQUEST_TOO_LARGE',
      `A request of about ${size} bytes is more than the ${limit} that this server takes; nothing was done. Split it, or raise the limit`,
      { details: { size, limit } },
    ),
  )
}
