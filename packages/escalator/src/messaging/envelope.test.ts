import { encode } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { decodeReplies, decodeRequests, encodeReplies, encodeRequests, MAX_FRAME_SIZE, weigh } from './envelope.ts'

describe('envelope', () => {
  it('gives back requests and replies', () => {
    const requests = [
      { id: 1, body: ['get', 'a'] },
      { id: 2, body: null },
    ]
    const replies = [
      { id: 1, ok: true, body: 5 },
      { id: null, ok: false, body: { code: 'PROTOCOL' } },
    ]
    expect(decodeRequests(encodeRequests(requests))).toEqual(requests)
    expect(decodeReplies(encodeReplies(replies))).toEqual(replies)
    expect(decodeReplies(encodeReplies([]))).toEqual([])
  })

  it.each([
    ['no array', encode({})],
    ['another format', encode([2, 1, 'body'])],
    ['half a request', encode([1, 1])],
    ['an id that is no integer', encode([1, 'one', 'body'])],
    ['no msgpack', Buffer.from([0xc1])],
  ])('refuses %s', (_, frame) => {
    expect(() => decodeRequests(frame)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })

  it('refuses to make a message that the other side would not take', () => {
    const items = [{ id: 1, body: new Uint8Array(MAX_FRAME_SIZE) }]
    expect(() => encodeRequests(items)).toThrow(expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' }))
  })

  it('weighs what is large', () => {
    expect(weigh(['put', ['key', new Uint8Array(1000)]])).toBeGreaterThan(1000)
  })
})
