import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, type Operation, type Server, startServer } from '@onitu/escalator'
import { createPuller, createPusher, decodeEvents, type Running } from '@onitu/escalator/messaging'
import {
  contentHash,
  fileId,
  type Head,
  ipcAddress,
  keys,
  type OnituEvent,
  type RefereeAnswer,
  type RefereeRequest,
} from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { serveReferee } from '../src/serve.ts'

let runtime: string
let server: Server
let db: Client
let referee: Running | undefined
let closers: (() => Promise<void>)[]
const events: OnituEvent[] = []

beforeEach(async () => {
  runtime = await mkdtemp(join(tmpdir(), 'onitu-requests-'))
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
  await db.batch(setup())
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

function setup(): Operation[] {
  const put = (key: string, value: unknown): Operation => ({ type: 'put', key, value })
  return [
    put(keys.folder('docs'), {}),
    put(keys.services, ['left', 'right']),
    ...['left', 'right'].flatMap((service) => [
      put(keys.serviceFolders(service), ['docs']),
      put(keys.serviceFolderOptions(service, 'docs'), { mode: 'rw' }),
    ]),
  ]
}

async function start(): Promise<void> {
  const configuration = { escalator: server.address, runtime, bus: ipcAddress(runtime, 'bus-in') }
  referee = await serveReferee(configuration, new AbortController().signal)
}

function wake(what: string): void {
  const pusher = createPusher({ address: ipcAddress(runtime, 'referee-wake') })
  pusher.push([what])
  closers.push(() => pusher.close())
}

/** What a service holds and reports, as its Plug writes it. */
async function report(service: string, seq: number, path: string, text: string, mtime: number): Promise<void> {
  const fid = fileId('docs', path)
  const content = { kind: 'file', size: text.length, hash: contentHash(Buffer.from(text)), mtime, mode: null }
  const place = { folder: 'docs', path, ...content }
  await db.batch([
    { type: 'put', key: keys.outbox(service, seq), value: { type: 'updated', fid, base: 0, ...place } },
    { type: 'put', key: keys.file(service, fid), value: { ...place, version: 0, token: 't', reported: seq } },
  ])
}

const f = fileId('docs', 'f')
const head = (fid: string) => db.get<Head>(keys.head(fid))
const answerTo = (id: string) => db.get<RefereeAnswer, undefined>(keys.answer(id), { default: undefined })
const requests = () => db.keys({ prefix: keys.requestPrefix }).all()

/** Both sides have `f`, the newer one of right keeps the name. Gives the fid of the copy. */
async function conflict(): Promise<string> {
  await report('left', 1, 'f', 'of left', 1000)
  await report('right', 1, 'f', 'of right', 2000)
  await start()
  await vi.waitFor(async () => expect(await db.keys({ prefix: keys.conflictPrefix }).all()).toHaveLength(1))
  const [key = ''] = await db.keys({ prefix: keys.conflictPrefix }).all()
  return key.slice(keys.conflictPrefix.length)
}

async function resolveRequest(copy: string, keep: string | null): Promise<RefereeRequest> {
  const seen = async (fid: string) => ({ fid, version: (await head(fid)).version })
  const kept = keep === null ? null : { fid: keep === 'right' ? f : copy, service: keep }
  return { type: 'resolve', original: await seen(f), copies: [await seen(copy)], keep: kept }
}

describe('what is asked of the Referee', () => {
  it('is done and answered, and removed', async () => {
    const copy = await conflict()
    await db.put(keys.request('1'), await resolveRequest(copy, 'left'))
    wake('request:')
    await vi.waitFor(async () => expect(await answerTo('1')).toEqual({ type: 'resolved' }))
    expect(await requests()).toEqual([])
    expect(await head(f)).toMatchObject({ deleted: false, hash: contentHash(Buffer.from('of left')), movedFrom: copy })
    expect(await head(copy)).toMatchObject({ deleted: true, movedTo: f })
    expect(await db.keys({ prefix: keys.conflictPrefix }).all()).toEqual([])
    await vi.waitFor(() =>
      expect(events).toContainEqual(expect.objectContaining({ type: 'conflict_resolved', path: 'f', keep: 'left' })),
    )
  })

  it('while no Referee runs is found by the next one', async () => {
    const copy = await conflict()
    await referee?.close()
    await db.put(keys.request('1'), await resolveRequest(copy, null))
    await start()
    await vi.waitFor(async () => expect(await answerTo('1')).toEqual({ type: 'resolved' }))
    expect(await head(copy)).toMatchObject({ deleted: false })
    expect(await db.keys({ prefix: keys.conflictPrefix }).all()).toEqual([])
  })

  it('comes after all that was reported before it', async () => {
    const copy = await conflict()
    const request = await resolveRequest(copy, 'left')
    await referee?.close()
    await report('right', 2, 'f', 'of right, edited', 3000)
    await db.put(keys.request('1'), request)
    const { version } = await head(f)
    await start()
    await vi.waitFor(async () =>
      expect(await answerTo('1')).toMatchObject({ type: 'refused', code: 'CONFLICT_CHANGED' }),
    )
    expect(await head(f)).toMatchObject({ parents: [version], hash: contentHash(Buffer.from('of right, edited')) })
    expect(await head(copy)).toMatchObject({ deleted: false })
  })

  it('in a way that it does not know is refused', async () => {
    await db.put(keys.request('1'), { type: 'dance' })
    await start()
    await vi.waitFor(async () => expect(await answerTo('1')).toMatchObject({ type: 'refused', code: 'INVALID_RECORD' }))
    expect(await requests()).toEqual([])
  })
})
