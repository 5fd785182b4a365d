import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { COMMAND, MORE } from '../frames.ts'
import type { FrameCipher, Step } from '../mechanism.ts'
import { CurveClient } from './curve-client.ts'
import { CurveServer } from './curve-server.ts'
import { type KeyPair, makeKeyPair } from './x25519.ts'

const serverKeys = makeKeyPair()
const clientKeys = makeKeyPair()
const identity = Buffer.from('me')
const none = Buffer.alloc(0)

interface Ends {
  readonly server: CurveServer
  readonly client: CurveClient
}

function makeEnds(allowed: KeyPair = clientKeys, serverKey = serverKeys.publicKey): Ends {
  return {
    server: new CurveServer({
      keys: serverKeys,
      own: { socketType: 'ROUTER', identity: none },
      admit: (publicKey) => Buffer.from(publicKey).equals(allowed.publicKey),
    }),
    client: new CurveClient({ keys: clientKeys, serverKey, own: { socketType: 'DEALER', identity } }),
  }
}

const replyOf = (step: Step) => step.reply ?? none

/** The commands of both, in their order, and what the last led to on either side. */
function shakeHands({ server, client }: Ends) {
  const hello = client.begin() ?? none
  const welcome = replyOf(server.take(Buffer.from(hello)))
  const initiate = replyOf(client.take(Buffer.from(welcome)))
  const atServer = server.take(Buffer.from(initiate))
  const atClient = client.take(Buffer.from(replyOf(atServer)))
  return { hello, welcome, initiate, atServer, atClient }
}

function open(): { readonly server: FrameCipher; readonly client: FrameCipher } {
  const { atServer, atClient } = shakeHands(makeEnds())
  return { server: cipherOf(atServer), client: cipherOf(atClient) }
}

function cipherOf(step: Step): FrameCipher {
  if (step.type !== 'agreed' || step.cipher === undefined) throw new Error('They do not agree')
  return step.cipher
}

describe('both ends of CURVE', () => {
  it('agree, and know what the other is, and its key', () => {
    const { atServer, atClient } = shakeHands(makeEnds())
    expect(atServer).toMatchObject({
      type: 'agreed',
      peer: { socketType: 'DEALER', identity, publicKey: Buffer.from(clientKeys.publicKey) },
    })
    expect(atClient).toMatchObject({ type: 'agreed', peer: { socketType: 'ROUTER' } })
  })

  it('say so when the key is not allowed', () => {
    const { atServer, atClient } = shakeHands(makeEnds(makeKeyPair()))
    expect([atServer, atClient]).toMatchObject([
      { type: 'failed', failure: { kind: 'denied' } },
      { type: 'failed', failure: { kind: 'denied' } },
    ])
  })

  it('have nothing to say to each other when the server has another key', () => {
    const { server, client } = makeEnds(clientKeys, makeKeyPair().publicKey)
    expect(server.take(client.begin() ?? none)).toMatchObject({ type: 'failed', failure: { kind: 'security' } })
  })

  it('do not answer a hello that is longer than what they would say', () => {
    const { server, client } = makeEnds()
    expect(client.begin()?.byteLength).toBeGreaterThan(replyOf(server.take(client.begin() ?? none)).byteLength)
  })

  it('do not go by what another connection has said', () => {
    const [one, other] = [makeEnds(), makeEnds()]
    const { initiate } = shakeHands(one)
    other.server.take(other.client.begin() ?? none)
    expect(other.server.take(initiate)).toMatchObject({ type: 'failed' })
  })

  it.each(['hello', 'initiate'] as const)('do not go on after a %s that is cut or changed anywhere', (which) => {
    const sent = (ends: Ends) => {
      const hello = ends.client.begin() ?? none
      return which === 'hello' ? hello : replyOf(ends.client.take(replyOf(ends.server.take(hello))))
    }
    const length = sent(makeEnds()).byteLength
    // The zeros of a hello mean nothing.
    const isFiller = (at: number) => which === 'hello' && at >= 8 && at < 80
    for (let at = 0; at < length; at += 3) {
      if (isFiller(at)) continue
      const [cut, changed] = [makeEnds(), makeEnds()]
      expect(cut.server.take(sent(cut).subarray(0, at))).toMatchObject({ type: 'failed' })
      const bytes = sent(changed)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      expect(changed.server.take(bytes), `byte ${at}`).toMatchObject({ type: 'failed' })
    }
  })

  it('take or refuse whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('\x05HELLO\x01\0', '\x08INITIATE', '\x05READY', ''),
        fc.uint8Array({ maxLength: 400 }),
        (name, rest) => {
          const bytes = () => Buffer.concat([Buffer.from(name, 'latin1'), rest])
          const { server, client } = makeEnds()
          expect(server.take(bytes()).type).toBe('failed')
          expect(client.take(bytes()).type).toBe('failed')
          const begun = makeEnds()
          begun.client.take(replyOf(begun.server.take(begun.client.begin() ?? none)))
          expect(begun.server.take(bytes()).type).toBe('failed')
          expect(begun.client.take(bytes()).type).toBe('failed')
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('the frames of CURVE', () => {
  it('are opened with their flags', () => {
    const { server, client } = open()
    for (const flags of [0, MORE, COMMAND]) {
      for (const size of [0, 1, 1_000, 300_000]) {
        const body = Buffer.alloc(size, size)
        const frame = client.open(server.seal(flags, body))
        expect(frame?.flags).toBe(flags)
        expect(frame?.body.equals(body)).toBe(true)
        expect(server.open(client.seal(flags, body))?.body.equals(body)).toBe(true)
      }
    }
  })

  it('are not taken twice, nor in another order, nor by whom they are not for', () => {
    const { server, client } = open()
    const [first, second] = [client.seal(0, Buffer.from('1')), client.seal(0, Buffer.from('2'))]
    expect(client.open(Buffer.from(first))).toBeUndefined()
    expect(open().server.open(Buffer.from(first))).toBeUndefined()
    expect(server.open(Buffer.from(second))?.body.toString()).toBe('2')
    expect(server.open(Buffer.from(second))).toBeUndefined()
    expect(server.open(Buffer.from(first))).toBeUndefined()
  })

  it('are not taken when they are cut or changed anywhere', () => {
    const { server, client } = open()
    const length = client.seal(0, Buffer.from('hello')).byteLength
    for (let at = 0; at < length; at++) {
      const sealed = client.seal(MORE, Buffer.from('hello'))
      expect(server.open(Buffer.from(sealed.subarray(0, at)))).toBeUndefined()
      sealed[at] = (sealed[at] ?? 0) ^ 1
      // A higher number alone is a nonce that the box was not made with.
      expect(server.open(sealed), `byte ${at}`).toBeUndefined()
    }
  })
})
