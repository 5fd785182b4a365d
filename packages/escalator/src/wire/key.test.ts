import { describe, expect, it } from 'vitest'
import { compareKeys, joinKeys, keyId } from './key.ts'

describe('a key', () => {
  it.each(['a', 'é', '日本', '🙂', '', '\0'])('as text %j is the same as its bytes', (text) => {
    expect(keyId(Buffer.from(text))).toBe(keyId(text))
    expect(compareKeys(text, Buffer.from(text))).toBe(0)
  })

  it('is told from another by every byte', () => {
    const ids = Array.from({ length: 256 }, (_, byte) => keyId(Uint8Array.of(byte)))
    expect(new Set(ids).size).toBe(256)
  })

  it('is ordered by bytes, which is not the order of UTF-16', () => {
    expect(compareKeys('\uffff', '🙂')).toBe(-1)
  })

  it.each([
    ['text and text', 'a', 'b', 'ab'],
    ['text and bytes', 'a', Uint8Array.of(0xff), Buffer.of(97, 0xff)],
    ['bytes and text', Uint8Array.of(0xff), 'é', Buffer.of(0xff, 0xc3, 0xa9)],
  ])('is joined from %s', (_, left, right, whole) => {
    expect(joinKeys(left, right)).toEqual(whole)
  })
})
