import { describe, expect, it } from 'vitest'
import { parseZapRequest, zapReply } from './zap-messages.ts'

const key = Buffer.from('8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7', 'hex')
const frames = (...parts: (string | Buffer)[]) => parts.map((part) => Buffer.from(part))
const request = (mechanism: string, ...credentials: (string | Buffer)[]) =>
  frames('peer', '', '1.0', '7', 'domain', '10.0.0.1', 'identity', mechanism, ...credentials)

describe('a ZAP request', () => {
  it('names the domain, the address and the key', () => {
    const parsed = parseZapRequest(request('CURVE', key))
    expect(parsed).toMatchObject({
      domain: 'domain',
      candidate: { publicKey: 'JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6', address: '10.0.0.1' },
    })
  })

  it.each([
    ['no mechanism', request('NULL')],
    ['a password', request('PLAIN', 'user', 'password')],
    ['half a key', request('CURVE', key.subarray(1))],
    ['no key', request('CURVE')],
  ])('with %s proves no key', (_, parts) => {
    expect(parseZapRequest(parts)).toMatchObject({ domain: 'domain', candidate: undefined })
  })

  it.each([
    ['of nothing', []],
    ['of another version', frames('peer', '', '2.0', '7', 'domain')],
    ['without an end of its envelope', frames('peer', '1.0', '7', 'domain')],
    ['without an id', frames('peer', '', '1.0')],
  ])('%s is not answered', (_, parts) => {
    expect(parseZapRequest(parts)).toBeUndefined()
  })

  it('is answered to where it came from', () => {
    const parsed = parseZapRequest(request('CURVE', key))
    const answers = [true, false].map((allowed) => parsed && zapReply(parsed, allowed).map(String))
    expect(answers).toEqual([
      ['peer', '', '1.0', '7', '200', 'OK', '', ''],
      ['peer', '', '1.0', '7', '400', 'This key is not allowed', '', ''],
    ])
  })
})
