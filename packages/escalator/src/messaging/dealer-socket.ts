import type { Ready } from '../zmtp/commands.ts'
import { CurveClient } from '../zmtp/curve/curve-client.ts'
import type { Dealer, DealerHandlers } from '../zmtp/dealer.ts'
import { type CurveClientOptions, rawCurveKeys } from './curve-client.ts'
import { type OpenDealerOptions, openDealer } from './open-dealer.ts'

export interface DealerSocketOptions extends Omit<OpenDealerOptions, 'mechanism'> {
  /** Default: no encryption, and whoever answers is believed. */
  readonly curve?: CurveClientOptions | undefined
}

/**
 * The socket of a requester: one connection, made again whenever it is lost. It keeps nothing that could not be sent. Messages go over our own ZMTP, on the
 * event loop: libzmq hands each of them to a thread of its own and back, which takes more than twice as long where few are on their way.
 * @throws OnituError `BAD_ADDRESS`; TypeError when a key is none
 */
export function createDealerSocket({ curve, ...options }: DealerSocketOptions, handlers: DealerHandlers): Dealer {
  const security = curve && rawCurveKeys(curve)
  const mechanism = security && ((own: Ready) => new CurveClient({ ...security, own }))
  return openDealer({ ...options, ...(mechanism && { mechanism }) }, handlers)
}
