import { createRequire } from 'node:module'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'

/** XSalsa20-Poly1305 as NaCl's `crypto_secretbox`: keys of 32 bytes, nonces of 24, of which none may be used twice. */
export interface SecretBox {
  /** Writes to `target`, which is 16 bytes longer than `plain`: a proof of authenticity, and what nobody else can read. */
  seal(target: Uint8Array, plain: Uint8Array, nonce: Uint8Array, key: Uint8Array): void
  /** Gives what is in the box, in its own memory where it can. Undefined: somebody else has made it, or changed it. */
  open(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined
}

/** Bytes that a box has more than what is in it. */
export const BOX_OVERHEAD = 16

/** What is used of sodium-native. */
interface Sodium {
  crypto_secretbox_detached(c: Uint8Array, mac: Uint8Array, m: Uint8Array, n: Uint8Array, k: Uint8Array): void
  crypto_secretbox_open_detached(m: Uint8Array, c: Uint8Array, mac: Uint8Array, n: Uint8Array, k: Uint8Array): boolean
}

let chosen: SecretBox | undefined

/** libsodium where this machine can load it, which is ten times as fast as JavaScript; not loaded before it is needed. */
export function secretBox(): SecretBox {
  chosen ??= nativeBox() ?? portableBox
  return chosen
}

/** Undefined where there is no build of it for this machine (it needs glibc 2.33 on Linux), or it was not installed. */
export function nativeBox(): SecretBox | undefined {
  let sodium: Sodium
  try {
    sodium = createRequire(import.meta.url)('sodium-native') as Sodium
  } catch {
    return undefined
  }
  return {
    seal: (target, plain, nonce, key) =>
      sodium.crypto_secretbox_detached(
        target.subarray(BOX_OVERHEAD),
        target.subarray(0, BOX_OVERHEAD),
        plain,
        nonce,
        key,
      ),
    open(box, nonce, key) {
      const place = box.subarray(BOX_OVERHEAD)
      const proof = box.subarray(0, BOX_OVERHEAD)
      return sodium.crypto_secretbox_open_detached(place, place, proof, nonce, key) ? place : undefined
    },
  }
}

export const portableBox: SecretBox = {
  seal(target, plain, nonce, key) {
    target.set(xsalsa20poly1305(key, nonce).encrypt(plain))
  },
  open(box, nonce, key) {
    try {
      return xsalsa20poly1305(key, nonce).decrypt(box)
    } catch {
      // It says no more than that the proof is none.
      return undefined
    }
  },
}
