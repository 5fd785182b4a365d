import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair, type KeyPair } from '@onitu/escalator/messaging'
import { ipcAddress } from '@onitu/protocol'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Dealer } from 'zeromq'
import { ClientLink } from '../src/client/client-link.ts'
import { HubLink } from '../src/hub/hub-link.ts'
import type { HubSession } from '../src/hub/hub-session.ts'
import type { AuthorizedKey } from '../src/keys/index.ts'
import { Majordomo } from '../src/relay/majordomo.ts'
import { type IncomingCall, WithContent } from '../src/rpc/answerer.ts'
import { HUB_LETTER } from '../src/wire/hub-messages.ts'
import {
  decodeLink,
  encodeLink,
  endedSchema,
  LETTER,
  PROTOCOL_VERSION,
  welcomeSchema,
} from '../src/wire/link-messages.ts'
import { clientSetup as setup } from './support/client-setup.ts'
import { curveOptions } from './support/curve-options.ts'
import { RawClient } from './support/raw-client.ts'

/** Bytes that may wait for a service. */
const MEMORY = 16 * 1024 * 1024
const server = generateKeyPair()
const hello = encodeLink(LETTER.hello, { version: PROTOCOL_VERSION, setup })
const [laptop, nas] = [generateKeyPair(), generateKeyPair()]

let runtime: string
let majordomo: Majordomo
let closers: (() => Promise<void> | void)[]
let statements: string[]

beforeEach(async () => {
  runtime = await mkdtemp(join(tmpdir(), 'onitu-mj-'))
  closers = []
  statements = []
  majordomo = await Majordomo.start({
    runtime,
    requests: 'tcp://127.0.0.1:0',
    handlers: 'tcp://127.0.0.1:0',
    secretKey: server.secretKey,
    keys: [keyOf('laptop', laptop), keyOf('nas', nas)],
    heartbeat: 300,
    limits: { clients: 10, memory: MEMORY },
    setUp: async (service) => {
      statements.push(service)
    },
    log: () => undefined,
  })
})
afterEach(async () => {
  for (const close of closers.reverse()) await close()
  await majordomo.close()
  await rm(runtime, { recursive: true, force: true })
})

it('passes calls and contents both ways, many at once, each to whom it is meant for', async () => {
  const services = [serve('laptop'), serve('nas')]
  const clients = [await open(laptop), await open(nas)]
  const contents = Array.from({ length: 20 }, (_, index) => randomBytes(1 + index * 20_000))
  const answers = await Promise.all(
    clients.flatMap((client) => contents.map((content) => client.call('echo', ['a', 1], { content }))),
  )
  answers.forEach(({ result, content }, index) => {
    expect(result).toEqual([index < contents.length ? 'laptop' : 'nas', ['a', 1]])
    expect(Buffer.from(content ?? []).equals(contents[index % contents.length] ?? Buffer.alloc(0))).toBe(true)
  })
  const sessions = await Promise.all(services.map(({ session }) => session))
  const calls = await Promise.all(
    sessions.map((session) => session.call('getChunk', [1], { content: Buffer.from('x') })),
  )
  expect(calls.map(({ result }) => result)).toEqual([
    [laptop.publicKey, 'getChunk', [1]],
    [nas.publicKey, 'getChunk', [1]],
  ])
  expect(statements.sort()).toEqual(['laptop', 'nas'])
})

it('passes on what a handler throws, and that a call is not wanted any more', async () => {
  const { session } = serve('laptop')
  await open(laptop, async ({ method, signal }) => {
    if (method === 'fail') throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  const hub = await session
  await expect(hub.call('fail', [])).rejects.toMatchObject({ code: 'ENOSPC', message: 'no space' })
  const abort = new AbortController()
  const call = hub.call('wait', [], { signal: abort.signal })
  setImmediate(() => abort.abort())
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED' })
})

it('refuses a key that is not authorised before it reads a message, and counts it', async () => {
  const stranger = link(generateKeyPair())
  await expect(stranger.open()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
  expect(majordomo.status()).toMatchObject({ refused: 1, dropped: 0, clients: [] })
})

it('refuses a server with another key than the one that is pinned', async () => {
  const client = link(laptop, undefined, generateKeyPair().publicKey)
  await expect(client.open()).rejects.toMatchObject({ code: 'WRONG_HUB' })
})

it('takes the token of a client from nobody who has another key', async () => {
  serve('laptop')
  const socket = await dealer(laptop)
  await socket.send(hello)
  const { token } = decodeLink(welcomeSchema, (await socket.receive())[1]) ?? {}
  const thief = await dealer(nas, majordomo.handlers)
  await thief.send(encodeLink(LETTER.token, { token }))
  await until(() => majordomo.status().dropped === 1)
  const own = await dealer(laptop, majordomo.handlers)
  await own.send(encodeLink(LETTER.token, { token }))
  expect((await own.receive())[0]?.toString()).toBe(LETTER.bound)
})

it('takes no data, and no token, from who is not in', async () => {
  const { calls } = serve('laptop')
  const client = await open(laptop)
  const socket = await dealer(nas)
  await socket.send([Buffer.from(LETTER.data), Buffer.from('x')])
  const second = await dealer(nas, majordomo.handlers)
  await second.send(encodeLink(LETTER.token, { token: randomBytes(32) }))
  await second.send([Buffer.from(LETTER.data), Buffer.from('x')])
  await until(() => majordomo.status().dropped === 3)
  await client.call('echo', [])
  expect(calls).toEqual(['echo'])
})

it.each([
  ['of another version', encodeLink(LETTER.hello, { version: 99, setup: 'whatever there will be' }), 'VERSION'],
  ['without a setup', encodeLink(LETTER.hello, { version: PROTOCOL_VERSION }), 'INVALID_SETUP'],
  ['that is none', encodeLink(LETTER.hello), 'INVALID_SETUP'],
])('says why to a client with a hello %s', async (_, frames, code) => {
  const socket = await dealer(laptop)
  await socket.send(frames)
  expect(await endOf(socket)).toBe(code)
})

it('bears a message without end only as far as the client may have it hold, and cuts off nobody else', async () => {
  serve('nas')
  const other = await open(nas)
  for (const size of [0, 1024, 1024 * 1024]) {
    const hostile = await raw(laptop)
    const part = Buffer.alloc(size)
    let sent = 0
    while (await hostile.send(part)) sent += size
    // What is on the way in the buffers of the system comes to it.
    expect(sent).toBeLessThan(3 * MEMORY)
    expect((await other.call('echo', [])).result).toEqual(['nas', []])
  }
})

it('cuts off the oldest of many connections of one key, and nobody else', async () => {
  serve('nas')
  const other = await open(nas)
  const sockets = await Promise.all([1, 2, 3].map(() => raw(laptop)))
  await sockets[0]?.closed
  expect(sockets.map(({ isOpen }) => isOpen)).toEqual([false, true, true])
  expect((await other.call('echo', [])).result).toEqual(['nas', []])
})

it('has room for a client though strangers hold all connections that there may be', async () => {
  serve('laptop')
  const port = Number(majordomo.requests.split(':').pop())
  const strangers = await Promise.all(Array.from({ length: 200 }, () => stranger(port)))
  const client = await open(laptop)
  expect((await client.call('echo', [])).result).toEqual(['laptop', []])
  await until(() => strangers.filter(({ destroyed }) => destroyed).length > 0)
})

it('refuses folders that were not granted', async () => {
  majordomo.setKeys([{ ...keyOf('laptop', laptop), folders: ['photos'] }])
  await expect(link(laptop).open()).rejects.toMatchObject({ code: 'FOLDER_NOT_GRANTED', retryable: false })
  expect(statements).toEqual([])
})

it('cuts a client off as soon as its key is taken away', async () => {
  const { session } = serve('laptop')
  const client = await open(laptop)
  const pending = expect((await session).call('wait', [])).rejects.toMatchObject({
    code: 'REMOTE_AWAY',
    retryable: true,
  })
  majordomo.setKeys([keyOf('nas', nas)])
  expect(await client.ended).toMatchObject({ code: 'REVOKED', retryable: false })
  await pending
  await expect(link(laptop).open()).rejects.toMatchObject({ code: 'ACCESS_DENIED' })
})

it('lets the newer of two clients with one key in, and tells the older one to stop', async () => {
  serve('laptop')
  const older = await open(laptop)
  const newer = await open(laptop)
  expect(await older.ended).toMatchObject({ code: 'REPLACED', retryable: false })
  expect((await newer.call('echo', [])).result).toEqual(['laptop', []])
})

it('forgets a client that is silent for three heartbeats, and fails what it was asked', async () => {
  const { session } = serve('laptop')
  const silent = await dealer(laptop)
  await enter(silent, laptop)
  const hub = await session
  await expect(hub.call('wait', [])).rejects.toMatchObject({ code: 'REMOTE_AWAY' })
  const { code } = decodeLink(endedSchema, (await silent.receive())[1]) ?? {}
  expect(code).toBe('LOST')
})

it('ends the connection when the process of the service is gone, and lets the client in when another is there', async () => {
  const first = serve('laptop')
  const client = await open(laptop)
  await first.link.close()
  expect(await client.ended).toMatchObject({ code: 'SERVICE_NOT_RUNNING', retryable: true })
  const again = open(laptop)
  serve('laptop')
  expect((await (await again).call('echo', [])).result).toEqual(['laptop', []])
})

it('cuts off a client that sends what is none, or calls too much at once, and nobody else', async () => {
  serve('laptop')
  serve('nas')
  const other = await open(nas)
  const hostile = await dealer(laptop)
  const second = await enter(hostile, laptop)
  for (let count = 0; count < 500; count++) {
    await hostile.send([Buffer.from(LETTER.data), randomBytes(count)])
    await second.send([Buffer.from(LETTER.data), randomBytes(count), randomBytes(10)])
  }
  const { code } = decodeLink(endedSchema, (await hostile.receive())[1]) ?? {}
  expect(code).toBe('PROTOCOL')
  expect((await other.call('echo', [])).result).toEqual(['nas', []])
})

it('cuts off a client of which more waits for its service than it may, also of nothing, and nobody else', async () => {
  serve('nas')
  const other = await open(nas)
  const deaf = new Dealer({ linger: 0 })
  closers.push(() => deaf.close())
  deaf.connect(ipcAddress(runtime, 'majordomo'))
  await deaf.send([HUB_LETTER.register, 'laptop'])
  for (const size of [1024 * 1024, 0]) {
    const hostile = await dealer(laptop)
    await enter(hostile, laptop)
    const count = MEMORY / Math.max(size, 1024) + 1
    for (let sent = 0; sent < count; sent++) await hostile.send([Buffer.from(LETTER.data), Buffer.alloc(size)])
    expect(await endOf(hostile)).toBe('FLOODED')
    expect((await other.call('echo', [])).result).toEqual(['nas', []])
  }
})

it('knows the process of a service again that it had forgotten', async () => {
  serve('laptop')
  const other = serve('laptop')
  await open(laptop)
  await other.link.close()
  const client = await open(laptop)
  expect((await client.call('echo', [])).result).toEqual(['laptop', []])
})

function keyOf(service: string, { publicKey }: KeyPair): AuthorizedKey {
  return { name: service, publicKey, service, folders: 'all', mode: 'rw', authorized: 0, revoked: null }
}

/** The process of a service, as far as Majordomo sees it: answers `echo`. */
function serve(service: string): { link: HubLink; session: Promise<HubSession>; calls: string[] } {
  const calls: string[] = []
  let opened: (session: HubSession) => void = () => undefined
  const session = new Promise<HubSession>((resolve) => {
    opened = resolve
  })
  const hub = new HubLink({
    runtime,
    service,
    opened(next) {
      next.serve(async ({ method, args, content }) => {
        calls.push(method)
        const answer = [service, args]
        return content === undefined ? answer : new WithContent(answer, content)
      })
      opened(next)
    },
  })
  closers.push(() => hub.close())
  return { link: hub, session, calls }
}

type Handle = (call: IncomingCall) => Promise<unknown>

function link(keys: KeyPair, handle?: Handle, serverKey = server.publicKey): ClientLink {
  const client = new ClientLink({
    requests: majordomo.requests,
    handlers: majordomo.handlers,
    curve: { serverKey, ...keys },
    setup,
    handle:
      handle ??
      (async ({ method, args, signal }) => {
        if (method === 'wait') await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return [keys.publicKey, method, args]
      }),
  })
  closers.push(() => client.close())
  return client
}

async function open(keys: KeyPair, handle?: Handle): Promise<ClientLink> {
  const client = link(keys, handle)
  await client.open()
  return client
}

/** A socket that says whatever a test wants. */
async function dealer(keys: KeyPair, address = majordomo.requests): Promise<Dealer> {
  const socket = new Dealer({
    linger: 0,
    ...curveOptions({ serverKey: server.publicKey, secretKey: keys.secretKey }),
  })
  socket.connect(address)
  closers.push(() => socket.close())
  return socket
}

/** Comes in, and stays silent. Gives the socket of the second port. */
async function enter(socket: Dealer, keys: KeyPair): Promise<Dealer> {
  await socket.send(hello)
  const { token } = decodeLink(welcomeSchema, (await socket.receive())[1]) ?? {}
  const second = await dealer(keys, majordomo.handlers)
  await second.send(encodeLink(LETTER.token, { token }))
  await second.receive()
  return second
}

/** A connection with a good key that sends frames of one message, one by one. */
async function raw(keys: KeyPair): Promise<RawClient> {
  const client = await RawClient.connect(Number(majordomo.requests.split(':').pop()), keys, server.publicKey)
  closers.push(() => client.close())
  return client
}

async function stranger(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  closers.push(() => void socket.destroy())
  await once(socket, 'connect')
  socket.resume()
  return socket
}

/** Why it was cut off. There may be beats before. */
async function endOf(socket: Dealer): Promise<string | undefined> {
  for (;;) {
    const [letter, body] = await socket.receive()
    if (letter?.toString() === LETTER.ended) return decodeLink(endedSchema, body)?.code
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}
