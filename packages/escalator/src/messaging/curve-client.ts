import { checkKey, publicKeyOf } from './curve-keys.ts'

/** What a client needs to connect to a server with CURVE. All keys are Z85: 40 characters. */
export interface CurveClientOptions {
  /** The public key of the server. A server with another one cannot answer. */
  readonly serverKey: string
  readonly secretKey: string
  /** Default: the one that belongs to the secret key. */
  readonly publicKey?: string
}

export interface CurveClientSocketOptions {
  readonly curveServerKey: string
  readonly curvePublicKey: string
  readonly curveSecretKey: string
}

/** For the constructor of a client's socket. @throws TypeError when a key is none, or two do not belong together */
export function curveClientSocketOptions({
  serverKey,
  secretKey,
  publicKey,
}: CurveClientOptions): CurveClientSocketOptions {
  const own = publicKeyOf(checkKey(secretKey, 'The secret key of a client'))
  if (publicKey !== undefined && publicKey !== own)
    throw new TypeError('The public key of the client does not belong to its secret key; it may be left out')
  return {
    curveServerKey: checkKey(serverKey, 'The public key of the server'),
    curvePublicKey: own,
    curveSecretKey: secretKey,
  }
}
