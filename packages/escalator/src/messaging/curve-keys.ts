import { type KeyPair as CurveKeyPair, keyPairOf, makeKeyPair, secretBytesOf } from '../zmtp/curve/x25519.ts'
import { decodeKey, encodeKey } from './z85.ts'

/** Both as Z85: 40 characters. */
export interface KeyPair {
  readonly publicKey: string
  readonly secretKey: string
}

/** A new key pair. The public key begins with a letter or a digit, so that it reads well in lists and shells. */
export function generateKeyPair(): KeyPair {
  for (;;) {
    const keys = makeKeyPair()
    const pair = { publicKey: encodeKey(keys.publicKey), secretKey: encodeKey(secretBytesOf(keys)) }
    if (/^[0-9A-Za-z]/.test(pair.publicKey)) return pair
  }
}

/** The public key that belongs to a secret key. @throws TypeError when it is not a key */
export function publicKeyOf(secretKey: string): string {
  return encodeKey(keyPairOf(keyBytes(secretKey, 'The secret key')).publicKey)
}

/** @throws TypeError when it is not a key; the message does not show it */
export function rawKeysOf(secretKey: string, what: string): CurveKeyPair {
  return keyPairOf(keyBytes(secretKey, what))
}

/** @throws TypeError when it is not a key; the message does not show it */
export function checkKey(key: unknown, what: string): string {
  keyBytes(key, what)
  return String(key)
}

/** @throws TypeError when it is not a key; the message does not show it */
export function keyBytes(key: unknown, what: string): Uint8Array {
  const bytes = typeof key === 'string' ? decodeKey(key) : undefined
  if (bytes !== undefined) return bytes
  const got = typeof key === 'string' ? `${key.length} characters that are none` : typeof key
  throw new TypeError(`${what} must be a CURVE key as Z85 text (40 characters), got ${got}`)
}
