import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'

export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** As node:crypto has it: to read 32 bytes takes longer than to use them. */
  readonly secretKey: KeyObject
}

export const KEY_SIZE = 32
/** What comes before the 32 bytes of a secret key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')

/**
 * Made as bytes, and read again: to have them made as KeyObjects and exported as JWK holds up Node (20 at least) for ever when the collector comes at that moment to what
 * made them (`ExportJWK` has the lock of the key that `~KeyGenJob` waits for).
 */
export function makeKeyPair(): KeyPair {
  const made = generateKeyPairSync('x25519', {
    publicKeyEncoding: { format: 'der', type: 'spki' },
    privateKeyEncoding: { format: 'der', type: 'pkcs8' },
  })
  const publicKey = made.publicKey.subarray(-KEY_SIZE)
  const d = made.privateKey.subarray(-KEY_SIZE).toString('base64url')
  return { publicKey, secretKey: createPrivateKey({ key: { ...jwkOf(publicKey), d }, format: 'jwk' }) }
}

/** The pair of 32 bytes that are secret. */
export function keyPairOf(secret: Uint8Array): KeyPair {
  const secretKey = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, secret]), format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(secretKey).export({ format: 'jwk' })
  return { publicKey: Buffer.from(x ?? '', 'base64url'), secretKey }
}

/** The 32 bytes. */
export function secretBytesOf({ secretKey }: KeyPair): Uint8Array {
  return Buffer.from(secretKey.export({ format: 'jwk' }).d ?? '', 'base64url')
}

/**
 * 32 bytes that only the holders of the two secret keys can compute, each with the public key of the other.
 * @throws Error for a public key that belongs to no secret one
 */
export function x25519(secretKey: KeyObject, publicKey: Uint8Array): Buffer {
  return diffieHellman({
    privateKey: secretKey,
    publicKey: createPublicKey({ key: jwkOf(publicKey), format: 'jwk' }),
  })
}

/** OpenSSL takes it ten times as fast as DER. */
function jwkOf(publicKey: Uint8Array) {
  return { kty: 'OKP', crv: 'X25519', x: Buffer.from(publicKey).toString('base64url') }
}
