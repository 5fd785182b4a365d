import type { KeyObject } from 'node:crypto'
import { hsalsa } from '@noble/ciphers/salsa.js'
import { KEY_SIZE, x25519 } from './x25519.ts'

/** "expand 32-byte k", the constant of Salsa20. */
const SIGMA = new Uint32Array([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574])

/**
 * The key of the boxes between the holders of two secret keys (NaCl's `crypto_box_beforenm`).
 * Undefined for a public key that belongs to no secret one.
 */
export function sharedKey(secretKey: KeyObject, publicKey: Uint8Array): Uint8Array | undefined {
  let secret: Buffer
  try {
    secret = x25519(secretKey, publicKey)
  } catch {
    return undefined
  }
  const words = new Uint32Array(KEY_SIZE / 4)
  hsalsa(SIGMA, wordsOf(secret), new Uint32Array(4), words)
  const key = Buffer.alloc(KEY_SIZE)
  for (const [index, word] of words.entries()) key.writeUInt32LE(word, index * 4)
  return key
}

function wordsOf(bytes: Buffer): Uint32Array {
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, index) => bytes.readUInt32LE(index * 4))
}
