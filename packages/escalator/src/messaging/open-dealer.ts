import { OnituError } from '@onitu/protocol/base'
import { Dealer, type DealerHandlers, type DealerOptions } from '../zmtp/dealer.ts'
import { parseEndpoint } from '../zmtp/endpoint.ts'
import { MAX_FRAME_SIZE } from './envelope.ts'
import { heartbeatOf } from './heartbeat-of.ts'

export interface OpenDealerOptions {
  readonly address: string
  /** Default: the other end makes one up. */
  readonly identity?: string | undefined
  /** Bytes. Default 64 MiB. */
  readonly maxFrame?: number | undefined
  /** Default: no encryption, and whoever answers is believed. */
  readonly mechanism?: DealerOptions['mechanism']
}

/** @throws OnituError `BAD_ADDRESS` */
export function openDealer(options: OpenDealerOptions, handlers: DealerHandlers): Dealer {
  const { address, identity = '', maxFrame = MAX_FRAME_SIZE, mechanism } = options
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined)
    throw new OnituError('BAD_ADDRESS', `Cannot connect to ${address}: expected ipc://PATH or tcp://HOST:PORT`)
  return new Dealer(
    { endpoint, identity: Buffer.from(identity), maxFrame, ...heartbeatOf(address), ...(mechanism && { mechanism }) },
    handlers,
  )
}
