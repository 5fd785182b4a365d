import { describe, expect, it } from 'vitest'
import { curveKeyPair } from 'zeromq'
import { decodeKey, encodeKey } from './z85.ts'

describe('Z85', () => {
  it('writes the bytes of the RFC as it says', () => {
    const bytes = Buffer.from('8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7', 'hex')
    expect(encodeKey(bytes)).toBe('JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6')
  })

  it('reads what it writes, and what ZeroMQ makes', () => {
    for (const bytes of [new Uint8Array(32), new Uint8Array(32).fill(255)]) {
      expect(decodeKey(encodeKey(bytes))).toEqual(bytes)
    }
    const { publicKey } = curveKeyPair()
    expect(encodeKey(decodeKey(publicKey) ?? new Uint8Array())).toBe(publicKey)
  })

  it.each([
    ['too short', '0'.repeat(39)],
    ['too long', '0'.repeat(41)],
    ['with a foreign character', `${'0'.repeat(39)}~`],
    ['beyond 32 bits', '#'.repeat(40)],
    ['of no characters', ''],
  ])('refuses a text that is %s', (_, text) => {
    expect(decodeKey(text)).toBeUndefined()
  })
})
