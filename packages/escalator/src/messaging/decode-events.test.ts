import { encode } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { decodeEvents } from './decode-events.ts'

describe('decodeEvents', () => {
  it('gives the events of a message', () => {
    const events = [{ type: 'plug_started', service: 'left', time: 5 }]
    expect(decodeEvents(encode(events))).toEqual(events)
  })

  it.each([
    ['no list', encode({})],
    ['no object', encode([1])],
    ['an unknown type', encode([{ type: 'toString', time: 1 }])],
    ['no time', encode([{ type: 'plug_started', service: 'left' }])],
    ['no msgpack', Buffer.from([0xc1])],
  ])('refuses %s', (_, frame) => {
    expect(() => decodeEvents(frame)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })
})
