import { OnituError } from '@onitu/protocol'
import type { Ready } from '../zmtp/commands.ts'
import { CurveClient } from '../zmtp/curve/curve-client.ts'
import { Dealer, type DealerHandlers } from '../zmtp/dealer.ts'
import { parseEndpoint } from '../zmtp/endpoint.ts'
import { type CurveClientOptions, rawCurveKeys } from './curve-client.ts'
import { MAX_FRAME_SIZE } from './envelope.ts'
import { heartbeatOf } from './heartbeat-of.ts'

export interface DealerSocketOptions {
  readonly address: string
  /** Default: the other end makes one up. */
  readonly identity?: string | undefined
  /** Default: no encryption, and whoever answers is believed. */
  readonly curve?: CurveClientOptions | undefined
  /** Bytes. Default 64 MiB. */
  readonly maxFrame?: number
}

/**
 * The socket of a requester: one connection, made again whenever it is lost. It keeps nothing that could not be sent. Messages go over our own ZMTP, on the
 * event loop: libzmq hands each of them to a thread of its own and back, which takes more than twice as long where few are on their way.
 * @throws OnituError `BAD_ADDRESS`; TypeError when a key is none
 */
export function createDealerSocket(options: DealerSocketOptions, handlers: DealerHandlers): Dealer {
  const { address, identity = '', curve, maxFrame = MAX_FRAME_SIZE } = options
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined)
    throw new OnituError('BAD_ADDRESS', `Cannot connect to ${address}: expected ipc://PATH or tcp://HOST:PORT`)
  const security = curve && rawCurveKeys(curve)
  return new Dealer(
    {
      ...{ endpoint, identity: Buffer.from(identity), maxFrame },
      ...heartbeatOf(address),
      ...(security && { mechanism: (own: Ready) => new CurveClient({ ...security, own }) }),
    },
    handlers,
  )
}
