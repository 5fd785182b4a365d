import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, type Server, startServer } from '@onitu/escalator'
import type { DriverPlug, ServiceFolder } from '@onitu/plug'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { started } from './fixtures/database-driver.ts'
import { startHosted } from './hosted-service.ts'

let folder: string
let server: Server
let database: Client
let hosted: { close(): Promise<void> }
let own: DriverPlug['serviceDb']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onitu-db-'))
  server = await startServer({ address: `ipc://${folder}/socket`, directory: join(folder, 'db') })
  database = await connect({ address: `ipc://${folder}/socket` })
  await database.put('service:laptop:file:x', 'not for the driver')
  await database.put('service:laptop:dc', 'behind the prefix')
  hosted = await startHosted(plugOf(database), new URL('./fixtures/database-driver.ts', import.meta.url).href)
  const [plug] = started
  if (plug === undefined) throw new Error('The driver did not start')
  own = plug.serviceDb
})
afterAll(async () => {
  await hosted?.close()
  await database?.close()
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

test('what a hosted driver writes is in its own part of the database', async () => {
  await own.put('a', { n: 1 })
  await own.put('raw', Buffer.from('xy'), { raw: true })
  expect(await database.get('service:laptop:db:a')).toEqual({ n: 1 })
  expect(await own.get('a')).toEqual({ n: 1 })
  expect(Buffer.from((await own.get('raw', { raw: true })) as Uint8Array).toString()).toBe('xy')
  expect(await own.getMany(['a', 'b'])).toEqual([{ n: 1 }, undefined])
  expect([await own.exists('a'), await own.exists('b')]).toEqual([true, false])
  await expect(own.get('b')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' })
  expect(await own.get('b', { default: 7 })).toBe(7)
  await own.delete('a')
  await own.delete('raw')
  expect(await own.keys().all()).toEqual([])
})

test('ranges of many pages are read in order, forwards and backwards, with bounds and limits', async () => {
  const names = Array.from({ length: 1_234 }, (_, index) => `k${String(index).padStart(4, '0')}`)
  await own.batch(names.map((key, value) => ({ type: 'put', key, value })))
  expect(await own.keys().all()).toEqual(names)
  expect(await own.keys({ reverse: true, limit: 700 }).all()).toEqual(names.toReversed().slice(0, 700))
  expect(await own.range({ start: 'k0010', stop: 'k0012', includeStop: true }).all()).toEqual([
    ['k0010', 10],
    ['k0011', 11],
    ['k0012', 12],
  ])
  const part = own.prefixed('k00')
  expect(await part.values().all()).toHaveLength(100)
  const iterator = own.iterator()
  iterator.seek('k1000')
  expect(await iterator.next()).toEqual(['k1000', 1000])
  expect(await iterator.next()).toEqual(['k1001', 1001])
  await iterator.close()
  const snapshot = await own.snapshot()
  expect(await own.clear()).toBe(1_234)
  expect(await snapshot.get('k0001')).toBe(1)
  expect(await snapshot.keys().all()).toEqual(names)
  await snapshot.close()
  expect(await own.keys().all()).toEqual([])
})

test('conditions and watches work', async () => {
  const events = own.watch()
  expect(await events.next()).toMatchObject({ value: { type: 'rescan' } })
  await own.put('w', 1)
  expect(await events.next()).toMatchObject({ value: { type: 'put', key: 'w', value: 1 } })
  const write = own.batch([{ type: 'put', key: 'w', value: 2 }], { conditions: [{ key: 'w', equals: 5 }] })
  await expect(write).rejects.toMatchObject({ code: 'CONDITION_FAILED' })
  await own.writeBatch((batch) => batch.put('w', 3).delete('z'))
  expect(await own.get('w')).toBe(3)
})

test('nothing outside of its part can be named', async () => {
  for (const key of ['../file:x', '\u0000', ':file:x', 'service:laptop:file:x'])
    expect(await own.exists(key)).toBe(false)
  expect(await own.range({ start: '', stop: '\uffff' }).all()).toEqual([['w', 3]])
  await own.clear()
  expect(await database.get('service:laptop:file:x')).toBe('not for the driver')
  expect(await database.get('service:laptop:dc')).toBe('behind the prefix')
  await expect(own.property('leveldb.sstables')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
})

function plugOf(all: Client): DriverPlug {
  const docs: ServiceFolder = { name: 'docs', path: folder, mode: 'rw', identity: 'i', known: false }
  const nothing = async () => undefined
  const plug = {
    name: 'laptop',
    session: 'test',
    options: {},
    folders: new Map([['docs', docs]]),
    logger: { info() {}, warn() {}, error() {}, debug() {} },
    serviceDb: all.prefixed('service:laptop:db:'),
    handler() {},
    report: nothing,
    setAvailable: nothing,
  }
  // What the driver remote uses of a Plug, without the rest.
  return plug as unknown as DriverPlug
}
