import { describe, expect, it } from 'vitest'
import { type ConnectOptions, generateKeyPair, type Server } from '../src/index.ts'
import { client, serve, temporaryDirectory, until } from './support.ts'

interface Guarded {
  readonly server: Server
  /** The options of a client with a key of its own, which is allowed. */
  readonly alice: Partial<ConnectOptions>
  readonly bob: Partial<ConnectOptions>
  readonly aliceKey: string
  readonly bobKey: string
}

async function guarded(address: string | readonly string[] = 'tcp://127.0.0.1:*'): Promise<Guarded> {
  const [own, alice, bob] = [generateKeyPair(), generateKeyPair(), generateKeyPair()]
  const server = await serve({ address, curve: { ...own, allowedKeys: [alice.publicKey, bob.publicKey] } })
  const serverKey = own.publicKey
  return {
    server,
    alice: { curve: { serverKey, ...alice } },
    bob: { curve: { serverKey, secretKey: bob.secretKey } },
    aliceKey: alice.publicKey,
    bobKey: bob.publicKey,
  }
}

describe('a server with keys', () => {
  it('serves whose keys are allowed', async () => {
    const { server, alice, bob } = await guarded()
    const database = await client(server.address, alice)
    await database.batch(
      Array.from({ length: 2_000 }, (_, i) => ({ type: 'put', key: `${i}`, value: 'x'.repeat(500) })),
    )
    const other = await client(server.address, bob)
    expect(await other.keys().all()).toHaveLength(2_000)
    expect(await other.get('5')).toBe('x'.repeat(500))
    expect(server.stats()).toMatchObject({ connections: 2, refused: 0, failedHandshakes: 0 })
  })

  it('refuses others before it reads anything of them', async () => {
    const { server, alice } = await guarded()
    const database = await client(server.address, alice)
    const { requests } = server.stats()
    const stranger = { curve: { ...alice.curve, ...generateKeyPair() } } as Partial<ConnectOptions>
    await expect(client(server.address, stranger)).rejects.toMatchObject({ code: 'ACCESS_DENIED', retryable: false })
    await expect(client(server.address, { timeout: 300 })).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
    expect(server.stats()).toMatchObject({ requests, refused: 1 })
    await database.put('still', 'working')
  })

  it('takes a key away at once, and its other clients go on', async () => {
    const { server, alice, bob, bobKey } = await guarded()
    const revoked = await client(server.address, { ...alice, timeout: 2_000 })
    const other = await client(server.address, bob)
    await Promise.all([revoked.put('a', 1), other.put('b', 2)])
    await server.allowKeys([bobKey])
    const attempt = async () => {
      await revoked.put('a', 'again')
    }
    // The first may have been on its way; what it was for is not known then.
    await expect(attempt()).rejects.toMatchObject({ code: expect.stringMatching(/ACCESS_DENIED|OUTCOME_UNKNOWN/) })
    await expect(attempt()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
    expect(await other.get('a')).toBe(1)
    await other.put('b', 3)
    expect(await other.get('b')).toBe(3)
  })

  it('frees what a revoked client had open', async () => {
    const { server, alice, bob, bobKey } = await guarded()
    const database = await client(server.address, alice)
    await database.batch(
      Array.from({ length: 5_000 }, (_, i) => ({ type: 'put', key: `${i}`, value: 'x'.repeat(500) })),
    )
    const iterator = database.range()[Symbol.asyncIterator]()
    await iterator.next()
    expect(server.stats().ranges).toBe(1)
    await server.allowKeys([bobKey])
    await until(() => server.stats().ranges === 0, 'the range is freed')
    expect(await (await client(server.address, bob)).keys().all()).toHaveLength(5_000)
  })

  it('adds a key without disturbing anybody', async () => {
    const { server, alice, aliceKey, bobKey } = await guarded()
    const database = await client(server.address, alice)
    const { connections } = server.stats()
    const { curve } = alice
    const carol = generateKeyPair()
    await server.allowKeys([aliceKey, bobKey, carol.publicKey])
    expect(server.stats().connections).toBe(connections)
    await database.put('a', 1)
    const third = await client(server.address, { curve: { serverKey: curve?.serverKey ?? '', ...carol } })
    expect(await third.get('a')).toBe(1)
  })

  it('listens at several addresses, and needs keys only over tcp', async () => {
    const directory = await temporaryDirectory()
    const path = `ipc://${directory}/socket`
    const { server, alice } = await guarded([path, 'tcp://127.0.0.1:*'])
    const [ipc, tcp] = server.addresses
    expect(server.address).toBe(ipc)
    const near = await client(path)
    const far = await client(tcp ?? '', alice)
    await near.put('a', 'near')
    expect(await far.get('a')).toBe('near')
    await expect(client(path, alice)).rejects.toThrow(TypeError)
    expect(server.stats()).toMatchObject({ connections: 2 })
  })

  it('does not mix up clients of its addresses', async () => {
    const directory = await temporaryDirectory()
    const server = await serve({ address: [`ipc://${directory}/a`, `ipc://${directory}/b`] })
    const clients = await Promise.all(server.addresses.map((address) => client(address)))
    const entries = Array.from(
      { length: 5_000 },
      (_, i) => ({ type: 'put', key: `${i}`, value: 'x'.repeat(100) }) as const,
    )
    await clients[0]?.batch(entries)
    const iterators = clients.map((one) => one.range()[Symbol.asyncIterator]())
    await Promise.all(iterators.map((iterator) => iterator.next()))
    expect(server.stats().ranges).toBe(2)
    await iterators[0]?.return?.()
    await until(() => server.stats().ranges === 1, 'one range is left')
    await clients[1]?.close()
    await until(() => server.stats().ranges === 0, 'the range of the client that went is freed')
  })
})

describe('a server without keys', () => {
  it.each(['tcp://*:0', 'tcp://0.0.0.0:*', 'tcp://[::]:*'])('does not listen at %s', async (address) => {
    await expect(serve({ address })).rejects.toMatchObject({ code: 'KEYS_REQUIRED' })
  })

  it('listens on loopback', async () => {
    const server = await serve({ address: 'tcp://127.0.0.1:*' })
    await (await client(server.address)).put('a', 1)
  })

  it('has no keys to change', async () => {
    const server = await serve()
    await expect(server.allowKeys([])).rejects.toMatchObject({ code: 'NO_KEYS' })
  })
})

describe('keys that are none', () => {
  it('are refused when the server starts', async () => {
    const { secretKey } = generateKeyPair()
    const address = 'tcp://127.0.0.1:*'
    const { publicKey } = generateKeyPair()
    for (const curve of [
      { secretKey: 'short', allowedKeys: [] },
      { secretKey, allowedKeys: ['short'] },
      { secretKey, publicKey, allowedKeys: [] },
    ])
      await expect(serve({ address, curve })).rejects.toThrow(TypeError)
  })
})

describe('the statistics of a server', () => {
  it('reach its clients', async () => {
    const server = await serve()
    const database = await client(server.address)
    await database.put('a', 1)
    const other = await database.database('other')
    await other.get('a', { default: 0 })
    const stats = await database.stats()
    expect(stats).toMatchObject({ connections: 1, ranges: 0, snapshots: 0, refused: 0, malformed: 0 })
    expect(stats.databases.default).toEqual({ requests: 1, size: expect.any(Number) })
    expect(Object.keys(stats.databases)).toEqual(['default', 'other'])
    for (const number of [stats.uptime, stats.memory, stats.requests, stats.bytesReceived, stats.bytesSent])
      expect(number).toBeGreaterThan(0)
    expect(stats.databases.default?.size).toBeGreaterThan(0)
  })
})
