import { OnituError } from '@onitu/protocol'
import { parseEndpoint } from '../zmtp/endpoint.ts'
import { Router, type RouterHandlers, type RouterOptions } from '../zmtp/router.ts'
import type { Authenticator } from './authenticator.ts'
import { bindPatiently } from './bind-patiently.ts'
import { heartbeatOf } from './heartbeat-of.ts'

export interface BindOptions extends Omit<RouterOptions, 'mechanism' | 'trustsNames' | 'heartbeat'> {
  /** `ipc://PATH`, `ipc://*`, `tcp://HOST:PORT`; a port `*` is any that is free. */
  readonly address: string
  /** Encrypts, and lets only those connect whose key it allows. Default: whoever reaches the address, and they say themselves how they are called. */
  readonly authenticator?: Authenticator | undefined
  /** How long a former socket may take to free the address, in ms. */
  readonly patience: number
}

/** A ROUTER that listens. @throws OnituError `BIND_FAILED` */
export async function bindRouter(options: BindOptions, handlers: RouterHandlers): Promise<Router> {
  const { address, authenticator, patience, ...limits } = options
  const endpoint = parseEndpoint(address)
  if (endpoint === undefined)
    throw new OnituError('BIND_FAILED', `Cannot listen on ${address}: expected ipc://PATH or tcp://HOST:PORT`)
  const security =
    authenticator === undefined ? { trustsNames: true } : { mechanism: authenticator.mechanism, trustsNames: false }
  const router = new Router({ ...limits, ...security, ...heartbeatOf(address) }, handlers)
  await bindPatiently(address, patience, () => router.bind(endpoint))
  return router
}
