import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Dealer as ZmqDealer, Router as ZmqRouter } from 'zeromq'
import { encodeReplies, encodeRequests } from '../src/messaging/envelope.ts'
import { createDealerSocket, createRequester, createResponder, type Responder } from '../src/messaging/index.ts'
import { makeGreeting } from '../src/zmtp/greeting.ts'

const greeting = makeGreeting('NULL')
const LARGE = 3 * 1024 * 1024
let directory: string
const open: { close(): unknown }[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zmtp-'))
})

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
  await rm(directory, { recursive: true, force: true })
})

function kept<T extends { close(): unknown }>(each: T): T {
  open.push(each)
  return each
}

const addressOf = (name: string) => `ipc://${join(directory, name)}`

async function echo(address = addressOf('echo')): Promise<Responder> {
  return kept(await createResponder({ address, handle: (body) => body }))
}

describe('our ZMTP and libzmq', () => {
  it('understand each other when libzmq asks', async () => {
    const { address } = await echo()
    const socket = kept(new ZmqDealer({ linger: 0, receiveTimeout: 5_000 }))
    socket.connect(address)
    for (const body of ['small', 'x'.repeat(LARGE)]) {
      await socket.send([encodeRequests([{ id: 1, body }])])
      const [answer] = await socket.receive()
      expect(Buffer.compare(answer ?? Buffer.alloc(0), encodeReplies([{ id: 1, ok: true, body }]))).toBe(0)
    }
  })

  it('understand each other when libzmq answers, over tcp with its signs of life too', async () => {
    const socket = kept(new ZmqRouter({ linger: 0, heartbeatInterval: 20, heartbeatTimeout: 5_000 }))
    await socket.bind('tcp://127.0.0.1:*')
    const requester = kept(createRequester({ address: socket.lastEndpoint ?? '' }))
    const answer = requester.request('hello')
    const [name] = await socket.receive()
    await socket.send([name ?? '', encodeReplies([{ id: 1, ok: true, body: 'x'.repeat(LARGE) }])])
    expect((await answer).body).toHaveLength(LARGE)
  })
})

describe('a requester on our ZMTP', () => {
  it('tries again where nobody says anything, and does not take that for a refusal', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    try {
      const silent = kept(createServer((socket) => socket.resume()))
      silent.listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const { port } = silent.address() as AddressInfo
      const failures: string[] = []
      const failed = (failure: string) => failures.push(failure)
      const ignore = () => undefined
      const handlers = { connected: ignore, disconnected: ignore, message: ignore, failed }
      kept(createDealerSocket({ address: `tcp://127.0.0.1:${port}` }, handlers))
      const [first] = await once(silent, 'connection')
      const closed = once(first, 'close')
      await vi.advanceTimersByTimeAsync(10_000)
      await closed
      let cameAgain = false
      silent.once('connection', () => {
        cameAgain = true
      })
      // It hears of the end a moment later, and waits a little more.
      const tries = async () => {
        await vi.advanceTimersByTimeAsync(100)
        expect(cameAgain).toBe(true)
      }
      await vi.waitFor(tries, { timeout: 10_000 })
      expect(failures).toEqual([])
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('a responder on our ZMTP', () => {
  it('takes over the path that a killed process left, and not that of a living one', async () => {
    const path = join(directory, 'left')
    const left = createServer()
    left.listen(path)
    await once(left, 'listening')
    await expect(createResponder({ address: `ipc://${path}`, handle: (body) => body })).rejects.toMatchObject({
      code: 'BIND_FAILED',
    })
    left.close()
    await writeFile(path, '')
    await echo(`ipc://${path}`)
    const requester = kept(createRequester({ address: `ipc://${path}` }))
    expect((await requester.request('here')).body).toBe('here')
  })

  it('leaves no file behind, whoever chose its path', async () => {
    const chosen = await createResponder({ address: addressOf('chosen'), handle: (body) => body })
    const own = await createResponder({ handle: (body) => body })
    await Promise.all([chosen.close(), own.close(), own.close()])
    expect(await readdir(directory)).toEqual([])
    await expect(readdir(join(own.address.replace('ipc://', ''), '..'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a frame that is too large', Buffer.concat([greeting, Buffer.from([6, 0, 0, 0, 255, 255, 255, 255, 255])])],
    ['another kind of socket', Buffer.concat([greeting, Buffer.from('\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03REQ')])],
  ])('hangs up on %s, and goes on', async (_, bytes) => {
    const responder = await echo()
    const { address } = responder
    const socket = connect(address.replace('ipc://', ''))
    socket.resume()
    socket.write(bytes)
    await once(socket, 'close')
    const requester = kept(createRequester({ address }))
    expect((await requester.request('still here')).body).toBe('still here')
    expect(responder.counters).toMatchObject({ failedHandshakes: 1, connections: 1 })
  })

  it('gives the answers of a name to the last who came under it', async () => {
    const { address } = await echo()
    const first = kept(createRequester({ address, identity: 'me' }))
    expect((await first.request(1)).body).toBe(1)
    const second = kept(createRequester({ address, identity: 'me' }))
    expect((await second.request(2)).body).toBe(2)
  })
})
