import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BOX_OVERHEAD, nativeBox, portableBox, type SecretBox } from './secret-box.ts'
import { sharedKey } from './shared-key.ts'
import { makeKeyPair, secretBytesOf } from './x25519.ts'

const native = nativeBox()
const boxes: [string, SecretBox, SecretBox][] = [
  ['of JavaScript', portableBox, native ?? portableBox],
  ['of libsodium', native ?? portableBox, portableBox],
]
const nonce = randomBytes(24)
const key = randomBytes(32)

function seal(box: SecretBox, plain: Uint8Array): Buffer {
  const target = Buffer.alloc(plain.byteLength + BOX_OVERHEAD)
  box.seal(target, plain, nonce, key)
  return target
}

describe.each(boxes)('a box %s', (_, box, other) => {
  it('is opened by the other, and made where its content was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const inPlace = Buffer.concat([Buffer.alloc(BOX_OVERHEAD), bytes])
        box.seal(inPlace, inPlace.subarray(BOX_OVERHEAD), nonce, key)
        expect(inPlace.equals(seal(other, bytes))).toBe(true)
        expect(Buffer.from(other.open(inPlace, nonce, key) ?? []).equals(bytes)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('is not opened when a bit of it, of its nonce or of its key is another', () => {
    const sealed = seal(box, Buffer.from('hello'))
    for (let at = 0; at < sealed.byteLength * 8; at++) {
      const changed = Buffer.from(sealed)
      changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7))
      expect(box.open(changed, nonce, key)).toBeUndefined()
    }
    expect(box.open(Buffer.from(sealed), randomBytes(24), key)).toBeUndefined()
    expect(box.open(Buffer.from(sealed), nonce, randomBytes(32))).toBeUndefined()
  })
})

describe('the key of two key pairs', () => {
  it('is the same for both, and that of libsodium', () => {
    const [one, other] = [makeKeyPair(), makeKeyPair()]
    const shared = sharedKey(one.secretKey, other.publicKey) ?? Buffer.alloc(0)
    expect(sharedKey(other.secretKey, one.publicKey)).toEqual(shared)
    const sodium = createRequire(import.meta.url)('sodium-native')
    const sealed = Buffer.alloc(5 + BOX_OVERHEAD)
    sodium.crypto_box_easy(sealed, Buffer.from('hello'), nonce, Buffer.from(other.publicKey), secretBytesOf(one))
    expect(Buffer.from(portableBox.open(sealed, nonce, shared) ?? []).toString()).toBe('hello')
  })

  it('is none for a public key that belongs to no secret one', () => {
    expect(sharedKey(makeKeyPair().secretKey, new Uint8Array(32))).toBeUndefined()
  })
})
