import { describe, expect, it } from 'vitest'
import { checkKey, generateKeyPair, publicKeyOf } from './curve-keys.ts'

describe('CURVE keys', () => {
  it('of a new pair belong together', () => {
    for (let i = 0; i < 50; i++) {
      const { publicKey, secretKey } = generateKeyPair()
      expect(publicKeyOf(secretKey)).toBe(publicKey)
      expect(publicKey).toMatch(/^[0-9A-Za-z]/)
    }
  })

  it.each([['', 5, undefined, 'x'.repeat(40).replace(/^x/, '~')]])('are refused when they are none', (...keys) => {
    for (const key of keys) expect(() => checkKey(key, 'It')).toThrow(/^It must be a CURVE key/)
  })

  it('are not shown when they are refused', () => {
    const almost = `${'s3cret'.repeat(6)}abc`
    expect(() => publicKeyOf(almost)).toThrow(expect.not.objectContaining({ message: expect.stringContaining(almost) }))
  })
})
