import type { KeyPair } from '../zmtp/curve/x25519.ts'
import { keyBytes, rawKeysOf } from './curve-keys.ts'
import { encodeKey } from './z85.ts'

/** What a client needs to connect to a server with CURVE. All keys are Z85: 40 characters. */
export interface CurveClientOptions {
  /** The public key of the server. A server with another one cannot answer. */
  readonly serverKey: string
  readonly secretKey: string
  /** Default: the one that belongs to the secret key. */
  readonly publicKey?: string
}

/** @throws TypeError when a key is none, or two do not belong together */
export function rawCurveKeys({ serverKey, secretKey, publicKey }: CurveClientOptions): {
  readonly keys: KeyPair
  readonly serverKey: Uint8Array
} {
  const keys = rawKeysOf(secretKey, 'The secret key of a client')
  if (publicKey !== undefined && publicKey !== encodeKey(keys.publicKey))
    throw new TypeError('The public key of the client does not belong to its secret key; it may be left out')
  return { keys, serverKey: keyBytes(serverKey, 'The public key of the server') }
}
