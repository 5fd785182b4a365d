import { OnituError } from '@onitu/protocol'

/** `none`: who reaches the address may connect. `curve`: only whose key is allowed. */
export type ListenerSecurity = 'none' | 'curve'

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[(::1|0:0:0:0:0:0:0:1)\])$/i

/**
 * How an address is to be guarded. Sockets in the file system are guarded by their directory, so
 * keys are for tcp; without keys only this machine may be served.
 * @throws OnituError `KEYS_REQUIRED`, `BIND_FAILED`
 */
export function listenerSecurity(address: string, hasKeys: boolean): ListenerSecurity {
  if (address.startsWith('ipc://')) return 'none'
  if (!address.startsWith('tcp://')) {
    throw new OnituError(
      'BIND_FAILED',
      `Cannot listen on ${address}: expected ipc://PATH, or tcp://HOST:PORT as in tcp://127.0.0.1:4224`,
    )
  }
  if (hasKeys) return 'curve'
  if (LOOPBACK.test(hostOf(address))) return 'none'
  throw new OnituError(
    'KEYS_REQUIRED',
    `Cannot listen on ${address} without keys: everyone who reaches it could read and write. Give a secret key and the allowed public keys, or listen on 127.0.0.1`,
  )
}

function hostOf(address: string): string {
  const place = address.slice('tcp://'.length)
  return place.slice(0, place.lastIndexOf(':'))
}
