import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packPing, packPong, packReady, parseCommand, parseReady } from './commands.ts'
import { greetingProblem, makeGreeting } from './greeting.ts'

const greeting = makeGreeting('NULL')

describe('the commands of a handshake', () => {
  it('say what a socket is, and its name', () => {
    const ready = { socketType: 'DEALER', identity: Buffer.from('me') }
    expect(parseReady(packReady(ready))).toEqual(ready)
  })

  it('are read whatever the case of their properties, and without those that may be missing', () => {
    const body = Buffer.from('\x05READY\x0bsocket-TYPE\0\0\0\x06ROUTER', 'latin1')
    expect(parseReady(body)).toEqual({ socketType: 'ROUTER', identity: Buffer.alloc(0) })
  })

  it('are refused when they are cut short anywhere', () => {
    const whole = packReady({ socketType: 'DEALER', identity: Buffer.from('name') })
    for (let length = 0; length < whole.byteLength; length++) {
      const ready = parseReady(whole.subarray(0, length))
      // It may end between two properties.
      if (ready !== undefined) expect(ready.identity.byteLength).toBe(0)
    }
  })

  it('are read or refused whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        parseCommand(Buffer.from(bytes))
        parseReady(Buffer.concat([Buffer.from('\x05READY'), bytes]))
      }),
    )
  })

  it('answer a sign of life with its context', () => {
    expect(parseCommand(packPing())?.name).toBe('PING')
    const ping = parseCommand(Buffer.from('\x04PING\0\x0aabc'))
    expect(parseCommand(packPong(ping?.data ?? Buffer.alloc(0)))).toEqual({ name: 'PONG', data: Buffer.from('abc') })
  })
})

describe('a greeting', () => {
  it('is ours', () => {
    expect(greetingProblem(greeting, 'NULL')).toBeUndefined()
  })

  it.each([
    ['of something else', Buffer.from('GET / HTTP/1.1'.padEnd(64)), 'ZeroMQ'],
    ['that wants CURVE', makeGreeting('CURVE'), '"CURVE"'],
    ['of an old version', Buffer.concat([greeting.subarray(0, 10), Buffer.of(1), greeting.subarray(11)]), 'version 1'],
  ])('%s is refused with the reason', (_, bytes, reason) => {
    expect(greetingProblem(bytes, 'NULL')).toContain(reason)
  })
})
