/**
 * Requests to a responder on this machine, for whoever asks once and ends: nothing of libzmq and of CURVE is loaded for that.
 *
 * @module @onitu/escalator/requester
 */
import { DealerRequester } from './messaging/dealer-requester.ts'
import { openDealer } from './messaging/open-dealer.ts'
import type { Requester } from './messaging/requester.ts'

export type { Answer, Requester, RequestOptions } from './messaging/requester.ts'

/** As `createRequester`, without encryption. @throws OnituError `BAD_ADDRESS` */
export function createPlainRequester(address: string): Requester {
  return new DealerRequester({ address, named: false, open: (handlers) => openDealer({ address }, handlers) })
}
