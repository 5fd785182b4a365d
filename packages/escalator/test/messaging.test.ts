import { randomBytes } from 'node:crypto'
import { OnituError } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import {
  createEventPublisher,
  createPublisher,
  createPuller,
  createPusher,
  createRequester,
  createResponder,
  createSubscriber,
  decodeEvents,
  Reply,
  type RequestHandler,
  type ResponderOptions,
} from '../src/messaging/index.ts'
import { cleanup, temporaryDirectory, until } from './support.ts'

async function pair(handle: RequestHandler, options: Partial<ResponderOptions> = {}) {
  const responder = await createResponder({ handle, ...options })
  cleanup(() => responder.close())
  const requester = createRequester({ address: responder.address })
  cleanup(() => requester.close())
  return { responder, requester }
}

describe('requests', () => {
  it('are answered, each with its own', async () => {
    const { requester } = await pair(async (body) => ({ echo: body }))
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => requester.request(i)))
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 1000 }, (_, i) => ({ echo: i })))
  })

  it('overtake those that take longer', async () => {
    let release: (value: unknown) => void = () => undefined
    const { requester } = await pair((body) => (body === 'slow' ? new Promise((resolve) => (release = resolve)) : body))
    const slow = requester.request('slow')
    expect((await requester.request('fast')).body).toBe('fast')
    release('late')
    expect((await slow).body).toBe('late')
  })

  it('carry binary frames both ways', async () => {
    const { requester } = await pair((body, { frames }) => new Reply({ got: body }, [...frames].reverse()))
    const frames = [randomBytes(1024 * 1024), Buffer.alloc(0), randomBytes(10)]
    const answer = await requester.request('x', { frames })
    expect(answer.body).toEqual({ got: 'x' })
    expect(answer.frames.map((frame) => Buffer.from(frame))).toEqual([...frames].reverse())
  })

  it('fail with what the handler threw', async () => {
    const { requester } = await pair((body) => {
      if (body === 1) throw new OnituError('CHANGED', 'It changed', { retryable: true, details: { path: 'a' } })
      throw new RangeError('odd')
    })
    await expect(requester.request(1)).rejects.toMatchObject({
      code: 'CHANGED',
      retryable: true,
      details: { path: 'a' },
    })
    await expect(requester.request(2)).rejects.toMatchObject({ code: 'INTERNAL', message: 'odd' })
  })

  it('fail at their deadline, and late answers are ignored', async () => {
    let release: (value: unknown) => void = () => undefined
    const { requester } = await pair((body) => (body === 'slow' ? new Promise((resolve) => (release = resolve)) : body))
    await expect(requester.request('slow', { timeout: 50 })).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
    release('late')
    expect((await requester.request('next')).body).toBe('next')
  })

  it('that wait fail with CLOSED when this side closes, and DISCONNECTED when the other does', async () => {
    let arrived = false
    const { requester, responder } = await pair(() => {
      arrived = true
      return new Promise(() => undefined)
    })
    const lost = expect(requester.request('a')).rejects.toMatchObject({ code: 'DISCONNECTED', retryable: true })
    await until(() => arrived, 'the request arrives')
    await responder.close()
    await lost
    const closed = expect(requester.request('b')).rejects.toMatchObject({ code: 'CLOSED' })
    await requester.close()
    await closed
    await requester.close()
    await responder.close()
  })

  it('that cannot be sent fail alone', async () => {
    const { requester } = await pair((body) => body)
    const tooLarge = Buffer.alloc(65 * 1024 * 1024)
    const [first, second, third] = await Promise.allSettled([1, tooLarge, 3].map((body) => requester.request(body)))
    expect(first).toMatchObject({ value: { body: 1 } })
    expect(second).toMatchObject({ reason: { code: 'MESSAGE_TOO_LARGE' } })
    expect(third).toMatchObject({ value: { body: 3 } })
  })

  it('whose answer cannot be sent are answered with an error', async () => {
    const { requester } = await pair((body) => (body === 1 ? Buffer.alloc(65 * 1024 * 1024) : body))
    await expect(requester.request(1)).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
    expect((await requester.request(2)).body).toBe(2)
  })

  it('are handled in bounded number at once', async () => {
    let active = 0
    let highest = 0
    const { requester } = await pair(
      async () => {
        highest = Math.max(highest, ++active)
        await new Promise((resolve) => setImmediate(resolve))
        active--
      },
      { concurrency: 4 },
    )
    const one = Buffer.alloc(1)
    await Promise.all(Array.from({ length: 50 }, () => requester.request(null, { frames: [one] })))
    expect(highest).toBe(4)
  })

  it('tell who asks, and end the wait when the responder closes', async () => {
    const peers = new Set<string>()
    let aborted = false
    const { requester, responder } = await pair((_, { peer, signal }) => {
      peers.add(peer)
      signal.addEventListener('abort', () => {
        aborted = true
      })
    })
    await requester.request(1)
    await requester.request(2)
    expect(peers.size).toBe(1)
    await responder.close()
    expect(aborted).toBe(true)
  })

  it('cannot be bound to where nothing can be', async () => {
    const attempt = createResponder({ address: 'ipc:///nonexistent/directory/socket', handle: () => null })
    await expect(attempt).rejects.toMatchObject({ code: 'BIND_FAILED' })
  })
})

describe('publications', () => {
  it('reach those who subscribed to their channel', async () => {
    const publisher = await createPublisher()
    cleanup(() => publisher.close())
    let connected = false
    const subscriber = createSubscriber({
      address: publisher.address,
      prefixes: ['A:'],
      connected: () => {
        connected = true
      },
    })
    const received: string[][] = []
    const reading = (async () => {
      for await (const frames of subscriber) received.push(frames.map((frame) => Buffer.from(frame).toString()))
    })()
    await until(() => connected, 'the subscriber is connected')
    await until(() => {
      publisher.publish(['AB:', 'other', 'fid'])
      publisher.publish(['A:', 'left', 'fid'])
      return received.length > 0
    }, 'a message arrives')
    expect(received[0]).toEqual(['A:', 'left', 'fid'])
    await subscriber.close()
    await reading
    expect(received.every(([channel]) => channel === 'A:')).toBe(true)
  })
})

describe('pushes', () => {
  it('arrive in order, also those made before the other side is there', async () => {
    const address = `ipc://${await temporaryDirectory()}/socket`
    const pusher = createPusher({ address })
    cleanup(() => pusher.close())
    for (let i = 0; i < 100; i++) pusher.push([String(i)])
    const puller = await createPuller({ address })
    cleanup(() => puller.close())
    const received: string[] = []
    for await (const [frame] of puller) {
      received.push(String(frame))
      if (received.length === 50) for (let i = 100; i < 200; i++) pusher.push([String(i)])
      if (received.length === 200) break
    }
    expect(received).toEqual(Array.from({ length: 200 }, (_, i) => String(i)))
  })

  it('to nobody are bounded, and what was dropped is told', async () => {
    const address = `ipc://${await temporaryDirectory()}/socket`
    let dropped = 0
    const pusher = createPusher({ address, capacity: 10, onDrop: (count) => (dropped += count) })
    cleanup(() => pusher.close())
    for (let i = 0; i < 1000; i++) pusher.push([String(i)])
    const puller = await createPuller({ address })
    cleanup(() => puller.close())
    for await (const [frame] of puller) {
      expect(String(frame)).toBe('990')
      break
    }
    await until(() => dropped === 990, 'the drop is told')
  })

  it('made just before closing arrive', async () => {
    const puller = await createPuller()
    cleanup(() => puller.close())
    const pusher = createPusher({ address: puller.address })
    const iterator = puller[Symbol.asyncIterator]()
    pusher.push(['first'])
    await iterator.next()
    pusher.push(['last'])
    await pusher.close()
    await pusher.close()
    const { value } = await iterator.next()
    expect(String(value?.[0])).toBe('last')
  })
})

describe('events', () => {
  it('arrive with their time, those of one tick in one message', async () => {
    const puller = await createPuller()
    cleanup(() => puller.close())
    const events = createEventPublisher({ address: puller.address, process: 'test' })
    cleanup(() => events.close())
    events.publish({ type: 'plug_started', service: 'left' })
    events.publish({ type: 'driver_started', service: 'left' })
    for await (const [frame] of puller) {
      const received = decodeEvents(frame ?? new Uint8Array())
      expect(received).toMatchObject([{ type: 'plug_started', service: 'left' }, { type: 'driver_started' }])
      expect(received[0]?.time).toBeGreaterThan(Date.now() - 60_000)
      break
    }
  })

  it('are dropped beyond 10,000 while nobody takes them, and that is logged', async () => {
    const address = `ipc://${await temporaryDirectory()}/socket`
    const events = createEventPublisher({ address, process: 'test' })
    cleanup(() => events.close())
    for (let i = 0; i < 12_000; i++) events.publish({ type: 'plug_started', service: String(i) })
    const puller = await createPuller({ address })
    cleanup(() => puller.close())
    const services: string[] = []
    for await (const [frame] of puller) {
      const received = decodeEvents(frame ?? new Uint8Array())
      for (const event of received) if (event.type === 'plug_started') services.push(event.service)
      const log = received.find((event) => event.type === 'log')
      if (log === undefined) continue
      expect(log).toMatchObject({ process: 'test', message: expect.stringContaining('2000 events were dropped') })
      break
    }
    expect(services[0]).toBe('2000')
  })
})
