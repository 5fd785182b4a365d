import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, type Operation, type Server, startServer } from '@onitu/escalator'
import { createPuller, createPusher, createSubscriber, decodeEvents, type Running } from '@onitu/escalator/messaging'
import { contentHash, fileId, ipcAddress, keys, type OnituEvent } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createReferee } from '../src/referee.ts'
import { serveReferee } from '../src/serve.ts'

const HASH = contentHash(Buffer.from('content'))
const f = fileId('docs', 'f')

let runtime: string
let server: Server
let db: Client
let referee: Running | undefined
const events: OnituEvent[] = []
let closers: (() => Promise<void>)[]

beforeEach(async () => {
  runtime = await mkdtemp(join(tmpdir(), 'onitu-referee-'))
  server = await startServer({ address: ipcAddress(runtime, 'escalator'), directory: join(runtime, 'db') })
  db = await connect({ address: server.address })
  const bus = await createPuller({ address: ipcAddress(runtime, 'bus-in') })
  const listening = (async () => {
    for await (const [frame] of bus) if (frame !== undefined) events.push(...decodeEvents(frame))
  })()
  closers = [
    async () => {
      await bus.close()
      await listening
    },
  ]
  await db.batch(setup({}))
})

afterEach(async () => {
  await referee?.close()
  referee = undefined
  for (const close of closers.reverse()) await close()
  await db.close()
  await server.close()
  await rm(runtime, { recursive: true })
  events.length = 0
})

const put = (key: string, value: unknown): Operation => ({ type: 'put', key, value })

function setup(folder: unknown): Operation[] {
  return [
    put(keys.folder('docs'), folder),
    put(keys.services, ['left', 'right']),
    ...['left', 'right'].flatMap((service) => [
      put(keys.serviceFolders(service), ['docs']),
      put(keys.serviceFolderOptions(service, 'docs'), { mode: 'rw' }),
    ]),
  ]
}

async function start(): Promise<Running> {
  const configuration = { escalator: server.address, runtime, bus: ipcAddress(runtime, 'bus-in') }
  referee = await serveReferee(configuration, new AbortController().signal)
  return referee
}

function observation(path = 'f', hash = HASH, base = 0) {
  const fid = fileId('docs', path)
  return { type: 'updated', fid, folder: 'docs', path, kind: 'file', size: 7, hash, mtime: 1000, mode: 0o644, base }
}

function wake(service: string): void {
  const pusher = createPusher({ address: ipcAddress(runtime, 'referee-wake') })
  pusher.push([service])
  closers.push(() => pusher.close())
}

const outbox = (service: string) => db.keys({ prefix: keys.outboxPrefix(service) }).all()
const order = (service: string, fid = f) => db.get(keys.order(service, fid), { default: undefined })

describe('the Referee', () => {
  it('turns what it finds in an outbox at its start into a head and orders, and empties the outbox', async () => {
    await db.put(keys.outbox('left', 1), observation())
    await start()
    await vi.waitFor(async () => expect(await outbox('left')).toEqual([]))
    expect(await db.get(keys.head(f))).toMatchObject({
      version: 1,
      hash: HASH,
      origin: 'left',
      mimetype: expect.any(String),
    })
    expect(await db.get(keys.version(f, 1))).toEqual(await db.get(keys.head(f)))
    expect(await db.get(keys.path('docs', 'f'))).toBe(f)
    expect(await order('right')).toEqual({ version: 1 })
    expect(await order('left')).toEqual({ version: 1 })
    await vi.waitFor(() =>
      expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['referee_started', 'file_updated'])),
    )
  })

  it('is woken by the name of a service and publishes each order as channel, recipient and fid', async () => {
    await start()
    const subscriber = createSubscriber({
      address: await db.get<string>(keys.port('events:referee')),
      prefixes: ['right:'],
    })
    const received: string[][] = []
    const reading = (async () => {
      for await (const frames of subscriber) received.push(frames.map((frame) => Buffer.from(frame).toString()))
    })()
    closers.push(async () => {
      await subscriber.close()
      await reading
    })
    let version = 0
    await vi.waitFor(
      async () => {
        version += 1
        await db.put(keys.outbox('left', version), observation('f', contentHash(Buffer.from(`content ${version}`))))
        wake('left')
        await vi.waitFor(() => expect(received).toContainEqual(['right:', 'right', f]), { timeout: 200 })
      },
      { timeout: 5000 },
    )
    expect(received.every(([channel, recipient]) => channel === 'right:' && recipient === 'right')).toBe(true)
  })

  it('decides observations in the order in which they were made, over many batches', async () => {
    const operations = Array.from({ length: 2500 }, (_, index) => {
      const hash = contentHash(Buffer.from(String(index)))
      return { type: 'put' as const, key: keys.outbox('left', index + 1), value: observation('f', hash) }
    })
    await db.batch(operations)
    await start()
    await vi.waitFor(async () => expect(await outbox('left')).toEqual([]), { timeout: 20_000 })
    expect(await db.get(keys.head(f))).toMatchObject({ version: 2500, hash: contentHash(Buffer.from('2499')) })
  })

  it('drops what is no observation, says so, and goes on', async () => {
    await db.put(keys.outbox('left', 1), { type: 'updated', path: '../../etc/passwd' })
    await db.put(keys.outbox('left', 2), observation())
    await start()
    await vi.waitFor(async () => expect(await outbox('left')).toEqual([]))
    expect(await order('right')).toEqual({ version: 1 })
    await vi.waitFor(() => expect(events.find((event) => event.type === 'log')).toMatchObject({ level: 50 }))
  })

  it('loses nothing when it is stopped and started again in the middle', async () => {
    const paths = Array.from({ length: 3000 }, (_, index) => `f${index}`)
    await db.batch(
      paths.map((path, index) => ({ type: 'put', key: keys.outbox('left', index + 1), value: observation(path) })),
    )
    const first = await start()
    await first.close()
    await start()
    await vi.waitFor(async () => expect(await outbox('left')).toEqual([]), { timeout: 20_000 })
    expect(await db.keys({ prefix: keys.orderPrefix('right') }).all()).toHaveLength(3000)
    expect(await db.get(keys.lastVersion)).toBe(3000)
  })

  it('judges everything again when the setup has changed: what was kept out comes in', async () => {
    await db.batch(setup({ blacklist: ['f'] }))
    await db.put(keys.outbox('left', 1), observation())
    const record = { ...observation(), version: 0, token: 't', reported: 1 }
    await db.put(keys.file('left', f), record)
    const first = await start()
    await vi.waitFor(async () => expect(await outbox('left')).toEqual([]))
    expect(await order('right')).toBeUndefined()
    await first.close()
    await db.batch(setup({}))
    await start()
    expect(await order('right')).toEqual({ version: 1 })
  })

  it('gives a service that was added orders for everything, once', async () => {
    await db.put(keys.outbox('left', 1), observation())
    const first = await start()
    await vi.waitFor(async () => expect(await outbox('left')).toEqual([]))
    await first.close()
    await db.batch([
      { type: 'put', key: keys.services, value: ['left', 'right', 'third'] },
      { type: 'put', key: keys.serviceFolders('third'), value: ['docs'] },
    ])
    const second = await start()
    expect(await order('third')).toEqual({ version: 1 })
    await second.close()
    await db.delete(keys.order('third', f))
    await start()
    expect(await order('third')).toBeUndefined()
  })

  it('judges nothing by itself that a service reports while everything is judged again', async () => {
    const [x, y] = [fileId('docs', 'a/x'), fileId('docs', 'a/y')]
    const { fid: _, type: __, base: ___, ...file } = observation('a/x')
    const here = { ...file, version: 0, token: 't', reported: 1 }
    await db.batch([put(keys.outbox('left', 1), observation('a/x')), put(keys.file('left', x), here)])
    const rename = () => {
      const moved = { ...observation('a/y'), type: 'moved', from: { fid: x, folder: 'docs', path: 'a/x', base: 0 } }
      return db.batch([
        put(keys.outbox('left', 2), moved),
        put(keys.file('left', x), { ...here, token: null, reported: 2 }),
        put(keys.file('left', y), { ...here, path: 'a/y', reported: 2 }),
      ])
    }
    const range = (options: { readonly prefix: string }) => {
      if (options.prefix !== keys.filePrefix('left')) return db.range(options)
      return (async function* () {
        await rename()
        yield* db.range(options)
      })()
    }
    const busy = new Proxy(db, {
      get: (target, name) => {
        const value: unknown = name === 'range' ? range : Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const ignore = () => {}
    const logic = await createReferee({ db: busy, publish: ignore, emit: ignore, now: Date.now })
    await logic.prepare()
    await logic.decideOutbox('left')
    expect(await db.get(keys.head(x))).toMatchObject({ deleted: true })
    expect(await db.get(keys.head(y))).toMatchObject({ deleted: false, hash: HASH })
  })
})
