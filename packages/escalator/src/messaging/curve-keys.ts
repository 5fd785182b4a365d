import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { curveKeyPair } from 'zeromq'
import { decodeKey, encodeKey } from './z85.ts'

/** Both as Z85: 40 characters. */
export interface KeyPair {
  readonly publicKey: string
  readonly secretKey: string
}

/** What comes before the 32 bytes of an X25519 secret key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** The same for a public key. */
const SPKI_HEAD = Buffer.from('302a300506032b656e032100', 'hex')

/** A new key pair. The public key begins with a letter or a digit, so that it reads well in lists and shells. */
export function generateKeyPair(): KeyPair {
  for (;;) {
    const pair = curveKeyPair()
    if (/^[0-9A-Za-z]/.test(pair.publicKey)) return pair
  }
}

/** The public key that belongs to a secret key. @throws TypeError when it is not a key */
export function publicKeyOf(secretKey: string): string {
  const { x } = createPublicKey(privateKeyOf(secretKey)).export({ format: 'jwk' })
  return encodeKey(Buffer.from(x ?? '', 'base64url'))
}

/**
 * 32 bytes that only the holders of the two secret keys can compute, each with the public key of the other (X25519).
 * @throws TypeError when one of them is not a key; an Error for a public key that belongs to no secret one
 */
export function sharedSecret(secretKey: string, publicKey: string): Buffer {
  const key = Buffer.concat([SPKI_HEAD, keyBytes(publicKey, 'The public key')])
  return diffieHellman({
    privateKey: privateKeyOf(secretKey),
    publicKey: createPublicKey({ key, format: 'der', type: 'spki' }),
  })
}

function privateKeyOf(secretKey: string): KeyObject {
  const key = Buffer.concat([PKCS8_HEAD, keyBytes(secretKey, 'The secret key')])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

/** @throws TypeError when it is not a key; the message does not show it */
export function checkKey(key: unknown, what: string): string {
  keyBytes(key, what)
  return String(key)
}

function keyBytes(key: unknown, what: string): Uint8Array {
  const bytes = typeof key === 'string' ? decodeKey(key) : undefined
  if (bytes !== undefined) return bytes
  const got = typeof key === 'string' ? `${key.length} characters that are none` : typeof key
  throw new TypeError(`${what} must be a CURVE key as Z85 text (40 characters), got ${got}`)
}
