import { appendFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contentHash, fileId, keys, type Transfer } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OfferedFile } from '../src/contract.ts'
import { DriverCalls } from '../src/driver/driver-calls.ts'
import { type Engine, realClock } from '../src/engine.ts'
import { ServiceError } from '../src/errors.ts'
import { FileLocks } from '../src/file-locks.ts'
import { Progress } from '../src/progress.ts'
import { EarlyUploads } from '../src/transfer/early-uploads.ts'
import { Journals } from '../src/transfer/journals.ts'
import { Hub, type TestService } from './support/hub.ts'
import { capabilities, MemoryFiles } from './support/memory-files.ts'

const MiB = 1024 * 1024
const hashAtEnd = { hashAtEnd: true }

let hub: Hub
let folder: string
let file: string
let files: MemoryFiles
beforeEach(async () => {
  hub = await Hub.start({ left: {}, right: {} })
  folder = await mkdtemp(join(tmpdir(), 'early-'))
  file = join(folder, 'big')
  files = new MemoryFiles()
  await writeFile(file, large)
})
afterEach(async () => {
  await hub.close()
  await rm(folder, { recursive: true })
})

const large = Buffer.alloc(3 * MiB + 5, 'a')
const offered: OfferedFile = { folder: 'docs', path: 'big', size: large.byteLength, mtime: 1000, mode: 0o644 }
const journals = () => hub.db.keys({ prefix: keys.transferPrefix('right') }).all()
const called = (handler: string) => files.calls.filter((call) => call === `${handler} big`).length

/** Both services; what the left one offers, the right one may upload. */
async function runBoth(): Promise<{ left: TestService; right: TestService }> {
  return { left: await hub.run('left'), right: await hub.run('right', { files, capabilities: hashAtEnd }) }
}

/** The left service reports the file, and the right one is told to have it. */
async function report(left: TestService, content = large) {
  await left.plug.updateFile({ ...left.files.put('big', content), hash: left.files.hash('big') })
  const head = await hub.accept(left, 'big')
  await hub.order('right', head)
  return head
}

/** Holds the calls of a handler of the right service until it is released. */
function hold(handler: string) {
  let release = () => {}
  let reached = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const isReached = new Promise<void>((resolve) => {
    reached = resolve
  })
  files.before = async (name) => {
    if (name !== handler) return
    reached()
    await released
  }
  return { release, reached: isReached }
}

describe('a large file that is offered', () => {
  it('is uploaded before anybody was told of it, and gets its name with the order for it', async () => {
    const { left, right } = await runBoth()
    expect(await left.plug.offerFile(offered, file)).toBe(contentHash(large))
    expect(files.entries.has('big')).toBe(false)
    expect(await journals()).toHaveLength(1)
    const head = await report(left)
    await hub.done('right')
    expect(Buffer.compare(files.get('big').content, large)).toBe(0)
    expect([called('startUpload'), called('uploadChunk'), left.files.calls]).toEqual([1, 4, []])
    expect(await hub.record('right', 'big')).toMatchObject({ hash: head.hash, version: head.version })
    expect([await journals(), files.uploads.size]).toEqual([[], 0])
    expect(hub.eventsOf('transfer_started', 'right')).toMatchObject([{ source: 'left' }])
    expect(hub.eventsOf('transfer_ended', 'right')).toHaveLength(1)
    await right.running.close()
  })

  it('may be asked for while it is still uploaded: that goes on', async () => {
    const { left } = await runBoth()
    const { release, reached } = hold('uploadChunk')
    const offer = left.plug.offerFile(offered, file)
    await reached
    await report(left)
    await hub.until(async () => (await hub.orders('right')).length === 1)
    release()
    expect(await offer).toBe(contentHash(large))
    await hub.done('right')
    expect(called('startUpload')).toBe(1)
    expect(files.hash('big')).toBe(contentHash(large))
  })

  it('is not sent again where it could not get its name at once', async () => {
    const { left } = await runBoth()
    await left.plug.offerFile(offered, file)
    let failures = 1
    files.before = async (handler) => {
      if (handler === 'endUpload' && failures-- > 0) throw new ServiceError('EIO', 'The disk has a bad day')
    }
    await report(left)
    await hub.done('right')
    expect([called('startUpload'), called('restartUpload')]).toEqual([1, 1])
    expect(files.hash('big')).toBe(contentHash(large))
  })

  it('is given up when something else is to be there', async () => {
    const { left } = await runBoth()
    await left.plug.offerFile(offered, file)
    const other = Buffer.alloc(large.byteLength, 'b')
    await report(left, other)
    await hub.done('right')
    expect(files.hash('big')).toBe(contentHash(other))
    expect([await journals(), files.uploads.size]).toEqual([[], 0])
  })

  it('is given up, uploaded or not, when something of another length is to be there', async () => {
    const { left } = await runBoth()
    const { release, reached } = hold('uploadChunk')
    const offer = left.plug.offerFile(offered, file)
    await reached
    await report(left, Buffer.from('small'))
    await hub.event('transfer_started', 'right')
    release()
    await offer
    await hub.done('right')
    expect([files.text('big'), await journals(), files.uploads.size]).toEqual(['small', [], 0])
  })

  it('is given up when it is written to meanwhile', async () => {
    const { left } = await runBoth()
    files.before = async (handler, _path, offset) => {
      if (handler === 'uploadChunk' && offset === MiB) appendFileSync(file, 'more')
    }
    expect(await left.plug.offerFile(offered, file)).toBeUndefined()
    await hub.until(async () => (await journals()).length === 0)
    expect(files.uploads.size).toBe(0)
  })

  it('leaves nothing where there is no room, and is told of in the ordinary way', async () => {
    const { left } = await runBoth()
    files.before = async (handler) => {
      if (handler === 'uploadChunk') throw new ServiceError('ENOSPC', 'The disk is full')
    }
    expect(await left.plug.offerFile(offered, file)).toBeUndefined()
    await hub.until(async () => (await journals()).length === 0)
    expect(files.uploads.size).toBe(0)
    files.before = async () => undefined
    await report(left)
    await hub.done('right')
    expect(files.hash('big')).toBe(contentHash(large))
  })

  it('goes on where it broke off once there is an order for it', async () => {
    const { left } = await runBoth()
    let failures = 1
    files.before = async (handler, _path, offset) => {
      if (handler === 'uploadChunk' && offset === 2 * MiB && failures-- > 0) throw new ServiceError('ECONNRESET', 'Cut')
    }
    expect(await left.plug.offerFile(offered, file)).toBeUndefined()
    await report(left)
    await hub.done('right')
    expect([called('startUpload'), called('restartUpload')]).toEqual([1, 1])
    expect([files.hash('big'), await journals(), files.uploads.size]).toEqual([contentHash(large), [], 0])
  })

  it('goes on in the next process where this one ended', async () => {
    const { left, right } = await runBoth()
    const { release, reached } = hold('uploadChunk')
    const offer = left.plug.offerFile(offered, file)
    await reached
    const closed = right.running.close()
    release()
    await closed
    expect(await offer).toBeUndefined()
    expect([(await journals()).length, files.uploads.size]).toEqual([1, 1])
    await hub.run('right', { files, capabilities: hashAtEnd })
    await report(left)
    await hub.done('right')
    expect([called('startUpload'), called('restartUpload')]).toEqual([1, 1])
    expect([files.hash('big'), await journals(), files.uploads.size]).toEqual([contentHash(large), [], 0])
  })

  it('is sent anew where what went before it turns out to be another content', async () => {
    const { left, right: service } = await runBoth()
    let failures = 1
    files.before = async (handler, _path, offset) => {
      if (handler === 'uploadChunk' && offset === 2 * MiB && failures-- > 0) throw new ServiceError('ECONNRESET', 'Cut')
    }
    await left.plug.offerFile(offered, file)
    const [key = ''] = await journals()
    const journal = await hub.db.get<Transfer>(key)
    await hub.db.put(key, { ...journal, offset: MiB, blocks: new Uint8Array(32) })
    // The journal of the next process is what the database says.
    await service.running.close()
    await hub.run('right', { files, capabilities: hashAtEnd })
    await report(left)
    await hub.done('right')
    expect([called('startUpload'), files.hash('big')]).toEqual([2, contentHash(large)])
  })

  it('waits for its order for half a minute, also in the next process, and is removed then', async () => {
    const timers: { ms: number; callback: () => void }[] = []
    const after = (ms: number, callback: () => void) => {
      timers.push({ ms, callback })
      return () => undefined
    }
    const expire = () => {
      for (const { ms, callback } of timers.splice(0)) if (ms === 30_000) callback()
    }
    const fid = fileId('docs', 'big')
    const { early, journals: known } = earlyUploads({ ...realClock, after })
    const hash = await early.take({ ...offered, from: file }, new AbortController().signal)
    expect([hash, early.has(fid), files.uploads.size]).toEqual([contentHash(large), true, 1])
    await early.close()
    expire()
    expect([(await journals()).length, files.uploads.size]).toEqual([1, 1])

    await known.load()
    const { early: next } = earlyUploads({ ...realClock, after }, known)
    next.start()
    await hub.db.put(keys.order('right', fid), { version: 1 })
    await hub.until(async () => timers.length > 0)
    expire()
    await hub.until(async () => timers.length > 0)
    expect([next.has(fid), files.uploads.size]).toEqual([true, 1])
    await hub.db.delete(keys.order('right', fid))
    expire()
    await hub.until(async () => !next.has(fid))
    expect([await journals(), files.uploads.size]).toEqual([[], 0])
    await next.close()
  })

  it('is one of one: another one meanwhile is not taken', async () => {
    const { left } = await runBoth()
    const { release, reached } = hold('uploadChunk')
    const offer = left.plug.offerFile(offered, file)
    await reached
    expect(await left.plug.offerFile({ ...offered, path: 'other' }, file)).toBeUndefined()
    release()
    expect(await offer).toBe(contentHash(large))
  })
})

describe('an offer is not taken', () => {
  it('by a driver that wants to know the hash first', async () => {
    const left = await hub.run('left')
    await hub.run('right', { files })
    expect(await left.plug.offerFile(offered, file)).toBeUndefined()
    expect(files.calls).toEqual([])
  })

  it.each([
    ['there are rules', () => hub.db.put(keys.rules, [])],
    ['the folder has filters', () => hub.db.put(keys.folder('docs'), { blacklist: ['*.tmp'] })],
    ['the service may not be written', () => hub.db.put(keys.serviceFolderOptions('right', 'docs'), { mode: 'r' })],
    ['there is an order for the file', () => hub.db.put(keys.order('right', fileId('docs', 'big')), { version: 7 })],
    ['the file is not there any more', () => rm(file)],
    ['the file has another length by now', () => writeFile(file, 'shorter')],
  ])('where %s', async (_, restrict) => {
    await restrict()
    const { left } = await runBoth()
    expect(await left.plug.offerFile(offered, file)).toBeUndefined()
    expect([called('startUpload'), await journals()]).toEqual([0, []])
    await writeFile(file, large)
  })

  it.each([
    ['as long as what is there', large.byteLength, 0],
    ['of another length', large.byteLength - 1, 1],
  ])('only where it may be new: %s', async (_, size, started) => {
    const { left, right } = await runBoth()
    await right.plug.updateFile({ ...files.put('big', Buffer.alloc(size, 'c')), hash: files.hash('big') })
    await hub.accept(right, 'big')
    await hub.done('right')
    await left.plug.offerFile(offered, file)
    expect(called('startUpload')).toBe(started)
  })

  it('where the service is not there', async () => {
    const left = await hub.run('left')
    expect(await left.plug.offerFile(offered, file)).toBeUndefined()
  })
})

/** Of a service under a clock of the test. */
function earlyUploads(clock: Engine['clock'], known?: Journals): { early: EarlyUploads; journals: Journals } {
  const engine: Engine = {
    service: 'right',
    db: hub.db,
    clock,
    random: Math.random,
    folders: new Map([['docs', { name: 'docs', path: '/right', mode: 'rw', identity: 'docs', known: true }]]),
    capabilities: { ...capabilities, ...hashAtEnd },
    chunkSize: MiB,
    signal: new AbortController().signal,
    emit: () => undefined,
    wakeReferee: () => undefined,
    warn: (message, error) => expect.fail(`${message}: ${String(error)}`),
    isAvailable: () => true,
  }
  const handlers = {}
  files.register({ handler: (name: string, handler: unknown) => Object.assign(handlers, { [name]: handler }) } as never)
  const driver = new DriverCalls(handlers, engine.capabilities, clock, () => undefined)
  const progress = new Progress(engine, () => ({ active: 0, waiting: 0 }))
  const own = known ?? new Journals(engine)
  return { early: new EarlyUploads({ engine, driver, locks: new FileLocks(), journals: own, progress }), journals: own }
}
