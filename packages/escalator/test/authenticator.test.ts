import { connect as connectTcp } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  type Authenticator,
  type Candidate,
  createAuthenticator,
  createRequester,
  createResponder,
  generateKeyPair,
  type KeyPair,
  type Requester,
  type RequesterOptions,
  type Responder,
} from '../src/messaging/index.ts'
import { cleanup, until } from './support.ts'

interface Guarded {
  readonly responder: Responder
  readonly authenticator: Authenticator
  readonly allowed: Set<string>
  readonly refused: Candidate[]
  readonly seen: unknown[]
}

/** A responder that answers with what it is asked, and allows the keys of a set. */
async function guard(server: KeyPair = generateKeyPair()): Promise<Guarded> {
  const allowed = new Set<string>()
  const refused: Candidate[] = []
  const seen: unknown[] = []
  const authenticator = await createAuthenticator({
    secretKey: server.secretKey,
    allow: ({ publicKey }) => allowed.has(publicKey),
    refused: (candidate) => refused.push(candidate),
  })
  const responder = await createResponder({
    address: 'tcp://127.0.0.1:*',
    authenticator,
    handle: (body) => {
      seen.push(body)
      return body
    },
  })
  cleanup(async () => {
    await responder.close()
    authenticator.close()
  })
  return { responder, authenticator, allowed, refused, seen }
}

function requester({ responder }: Guarded, curve?: RequesterOptions['curve']): Requester {
  const created = createRequester({
    address: responder.address,
    timeout: 5_000,
    ...(curve === undefined ? {} : { curve }),
  })
  cleanup(() => created.close())
  return created
}

/** A client with a key of its own, which is allowed. */
function friend(guarded: Guarded) {
  const keys = generateKeyPair()
  guarded.allowed.add(keys.publicKey)
  const options = { serverKey: guarded.authenticator.publicKey, ...keys }
  return { keys, options, client: requester(guarded, options) }
}

const ask = async (client: Requester, body: unknown) => (await client.request(body)).body
const denied = expect.objectContaining({ code: 'ACCESS_DENIED', retryable: false })
const timedOut = expect.objectContaining({ code: 'REQUEST_TIMEOUT', details: { sent: false } })

describe('a responder with an authenticator', () => {
  it('answers whose key is allowed', async () => {
    const guarded = await guard()
    const { client } = friend(guarded)
    expect(await ask(client, 'hello')).toBe('hello')
    expect(guarded.authenticator.counters).toEqual({ allowed: 1, refused: 0 })
    expect(guarded.responder.counters).toMatchObject({ connections: 1, failedHandshakes: 0, requests: 1 })
  })

  it('refuses an unknown key before any message, and says so to both sides', async () => {
    const guarded = await guard()
    const { client } = friend(guarded)
    const keys = generateKeyPair()
    const stranger = requester(guarded, { serverKey: guarded.authenticator.publicKey, ...keys })
    await expect(ask(stranger, 'let me in')).rejects.toEqual(denied)
    expect(guarded.refused).toEqual([{ publicKey: keys.publicKey, address: '127.0.0.1' }])
    await until(() => guarded.responder.counters.failedHandshakes === 1, 'the failure is counted')
    expect(await ask(client, 'undisturbed')).toBe('undisturbed')
    expect(guarded.seen).toEqual(['undisturbed'])
  })

  it.each<[string, (guarded: Guarded, keys: KeyPair) => RequesterOptions['curve']]>([
    ['no key', () => undefined],
    ['another key for the server', (_, keys) => ({ serverKey: generateKeyPair().publicKey, ...keys })],
  ])('is out of reach with %s, until the deadline', async (_, curve) => {
    const guarded = await guard()
    const { client, keys } = friend(guarded)
    const stranger = requester(guarded, curve(guarded, keys))
    await expect(stranger.request('let me in', { timeout: 300 })).rejects.toEqual(timedOut)
    await until(() => guarded.responder.counters.failedHandshakes > 0, 'the failure is counted')
    expect(await ask(client, 'undisturbed')).toBe('undisturbed')
    expect(guarded.seen).toEqual(['undisturbed'])
  })

  it('is not disturbed by what is not ZeroMQ at all', async () => {
    const guarded = await guard()
    const { client } = friend(guarded)
    const port = Number(guarded.responder.address.split(':').pop())
    for (const noise of [
      'GET / HTTP/1.1\r\n\r\n',
      '\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f',
      'x'.repeat(100_000),
      '',
    ]) {
      const socket = connectTcp(port, '127.0.0.1')
      // It is cut off; how depends on how much of the noise was read.
      socket.on('error', () => undefined)
      socket.resume()
      socket.end(noise, 'latin1')
      await new Promise((resolve) => socket.once('close', resolve))
    }
    expect(await ask(client, 'undisturbed')).toBe('undisturbed')
    await until(() => guarded.responder.counters.connections === 1, 'one connection is left')
  })

  it('cuts off a key that is taken away, also on a connection that is up, and nobody else', async () => {
    const guarded = await guard()
    const revoked = friend(guarded)
    const other = friend(guarded)
    await Promise.all([ask(revoked.client, 1), ask(other.client, 2)])
    guarded.allowed.delete(revoked.keys.publicKey)
    guarded.responder.recheckKeys()
    await expect(ask(revoked.client, 'revoked')).rejects.toEqual(
      expect.objectContaining({ retryable: expect.anything() }),
    )
    await expect(ask(revoked.client, 'revoked')).rejects.toEqual(denied)
    expect(await ask(other.client, 'still here')).toBe('still here')
    expect(guarded.seen).not.toContain('revoked')
    await until(() => guarded.responder.counters.connections === 1, 'one connection is left')
  })

  it('takes a refused client in once its key is allowed, without its doing', async () => {
    const guarded = await guard()
    const { client, keys } = friend(guarded)
    guarded.allowed.delete(keys.publicKey)
    await expect(ask(client, 'early')).rejects.toEqual(denied)
    guarded.allowed.add(keys.publicKey)
    expect(await ask(client, 'now')).toBe('now')
  })

  it('does not know a key that only another server of the process allows', async () => {
    const first = await guard()
    const second = await guard()
    const { client, options } = friend(first)
    // The same key means nothing to the other server, although one handler answers for both.
    const foreign = requester(second, { ...options, serverKey: second.authenticator.publicKey })
    await expect(ask(foreign, 'x')).rejects.toEqual(denied)
    expect(await ask(client, 'x')).toBe('x')
    await second.responder.close()
    second.authenticator.close()
    expect(await ask(requester(first, options), 'y')).toBe('y')
  })

  it('can be made again after the last one was closed', async () => {
    for (let round = 0; round < 3; round++) {
      const guarded = await guard()
      const { client } = friend(guarded)
      expect(await ask(client, round)).toBe(round)
      await guarded.responder.close()
      guarded.authenticator.close()
      guarded.authenticator.close()
    }
  })

  it('lets nobody in once the authenticator is closed', async () => {
    const guarded = await guard()
    const { options } = friend(guarded)
    guarded.authenticator.close()
    await expect(requester(guarded, options).request('x', { timeout: 500 })).rejects.toMatchObject({
      code: expect.stringMatching(/ACCESS_DENIED|REQUEST_TIMEOUT/),
    })
    expect(guarded.seen).toEqual([])
  })
})

describe('an authenticator that fails', () => {
  it('lets nobody in', async () => {
    const { publicKey, secretKey } = generateKeyPair()
    const authenticator = await createAuthenticator({
      secretKey,
      allow: () => {
        throw new Error('The list is gone')
      },
    })
    const responder = await createResponder({ address: 'tcp://127.0.0.1:*', authenticator, handle: (body) => body })
    const client = createRequester({
      address: responder.address,
      curve: { serverKey: publicKey, ...generateKeyPair() },
    })
    cleanup(async () => {
      await Promise.all([client.close(), responder.close()])
      authenticator.close()
    })
    await expect(ask(client, 'x')).rejects.toEqual(denied)
  })
})

describe('a client with keys', () => {
  it('does not speak to a responder that has none', async () => {
    const seen: unknown[] = []
    const responder = await createResponder({ address: 'tcp://127.0.0.1:*', handle: (body) => seen.push(body) })
    cleanup(() => responder.close())
    const curve = { serverKey: generateKeyPair().publicKey, ...generateKeyPair() }
    const client = createRequester({ address: responder.address, curve })
    cleanup(() => client.close())
    await expect(client.request('secret', { timeout: 300 })).rejects.toEqual(timedOut)
    expect(seen).toEqual([])
  })

  it('needs keys that are keys, and belong together', () => {
    const serverKey = generateKeyPair().publicKey
    const { secretKey } = generateKeyPair()
    const address = 'tcp://127.0.0.1:1'
    expect(() => createRequester({ address, curve: { serverKey: 'x', secretKey } })).toThrow(TypeError)
    expect(() => createRequester({ address, curve: { serverKey, secretKey: '' } })).toThrow(TypeError)
    const publicKey = generateKeyPair().publicKey
    expect(() => createRequester({ address, curve: { serverKey, secretKey, publicKey } })).toThrow(TypeError)
  })
})
