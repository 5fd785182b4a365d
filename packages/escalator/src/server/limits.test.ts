import { describe, expect, it } from 'vitest'
import { checkLimits, checkWrites } from './limits.ts'

const limits = checkLimits({ key: 3, value: 5 })

describe('the limits of a server', () => {
  it('have defaults that leave room for any entry in an answer', () => {
    const { request, key, value } = checkLimits()
    expect(key + value).toBeLessThan(request)
  })

  it.each([0, -1, 1.5, Number.NaN, 64 * 1024 * 1024 + 1])('cannot be %s', (request) => {
    expect(() => checkLimits({ request })).toThrow(TypeError)
  })

  it('let keys and values of just their size pass, and deletions', () => {
    checkWrites({ keys: ['abc', Buffer.from('é!')], values: [Buffer.alloc(5), null] }, limits)
  })

  it('count the bytes of a key, not its characters', () => {
    expect(() => checkWrites({ keys: ['éé'], values: [null] }, limits)).toThrow(
      expect.objectContaining({ code: 'KEY_TOO_LARGE', details: { size: 4, limit: 3 } }),
    )
  })

  it('name what is too large, wherever in a batch', () => {
    expect(() => checkWrites({ keys: ['a', 'b'], values: [null, Buffer.alloc(6)] }, limits)).toThrow(
      expect.objectContaining({ code: 'VALUE_TOO_LARGE', retryable: false, details: { size: 6, limit: 5 } }),
    )
  })
})
