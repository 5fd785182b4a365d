import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from 'node:crypto'

/** Of 32 bytes each. */
export interface RawKeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

export const KEY_SIZE = 32
/** What comes before the 32 bytes of an X25519 secret key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')
/** The same for a public key. */
const SPKI_HEAD = Buffer.from('302a300506032b656e032100', 'hex')

export function rawKeyPair(): RawKeyPair {
  const secretKey = randomBytes(KEY_SIZE)
  return { secretKey, publicKey: rawPublicKey(secretKey) }
}

/** The public key that belongs to a secret one. */
export function rawPublicKey(secretKey: Uint8Array): Uint8Array {
  const { x } = createPublicKey(privateKeyOf(secretKey)).export({ format: 'jwk' })
  return Buffer.from(x ?? '', 'base64url')
}

/**
 * 32 bytes that only the holders of the two secret keys can compute, each with the public key of the other.
 * @throws Error for a public key that belongs to no secret one
 */
export function x25519(secretKey: Uint8Array, publicKey: Uint8Array): Buffer {
  const key = Buffer.concat([SPKI_HEAD, publicKey])
  return diffieHellman({
    privateKey: privateKeyOf(secretKey),
    publicKey: createPublicKey({ key, format: 'der', type: 'spki' }),
  })
}

function privateKeyOf(secretKey: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, secretKey]), format: 'der', type: 'pkcs8' })
}
