import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect } from '@onitu/escalator'
import { createEventPublisher, createSubscriber, decodeEvents } from '@onitu/escalator/messaging'
import { fileId, ipcAddress, keys, lastPart, type OnituEvent } from '@onitu/protocol'
import { resolve } from 'import-meta-resolve'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askSession } from '../src/control/control-client.ts'
import { Launcher } from '../src/launcher.ts'
import { type FoundSession, findSession } from '../src/session/find-session.ts'
import type { Setup, SetupService } from '../src/setup/setup.ts'

const child = new URL('./fixtures/child.mjs', import.meta.url).href
const entries = { escalator: resolve('@onitu/escalator/main', import.meta.url), referee: child, service: child }
const HASH = '0'.repeat(64)
/** ms; always over, so that each service must be able to answer in it, also on a busy machine. */
const BRIEFLY = 1_000

let configDirectory: string
let launchers: Launcher[] = []
let clients: Client[] = []
let events: OnituEvent[] = []

beforeEach(async () => {
  configDirectory = await mkdtemp(join(tmpdir(), 'onitu-test-'))
  events = []
})

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await Promise.all(launchers.map((launcher) => launcher.stop()))
  launchers = []
  clients = []
  await rm(configDirectory, { recursive: true, force: true })
})

/** A session whose services behave as they are called: see fixtures/child.mjs. */
function makeSetup(services: readonly string[], name = 'home'): Setup {
  const service = (serviceName: string): SetupService => ({
    name: serviceName,
    driver: { name: 'fixture', url: 'file:///nowhere.js' },
    options: { velocity: 0.5 },
    folders: new Map([['docs', { path: `/nowhere/${serviceName}`, options: { mode: 'rw' } }]]),
  })
  return {
    name,
    folders: new Map([['docs', {}]]),
    services: new Map(services.map((serviceName) => [serviceName, service(serviceName)])),
    rules: undefined,
  }
}

async function launch(setup: Setup): Promise<Launcher> {
  const launcher = new Launcher({
    setup,
    setupFile: '/setup.yml',
    configDirectory,
    entries,
    grace: 2_000,
    policy: {
      firstDelay: 20,
      maxDelay: 20,
      healthyAfter: 60_000,
      failuresUntilFailed: 3,
      killedDelay: 20,
      failedDelay: 600_000,
    },
    onEvents: (batch) => events.push(...batch.map(({ event }) => event)),
  })
  launchers.push(launcher)
  await launcher.start()
  return launcher
}

const find = (session?: string): Promise<FoundSession> => findSession({ configDirectory, session })

async function database(session: FoundSession): Promise<Client> {
  const client = await connect({ address: ipcAddress(session.runtime, 'escalator') })
  clients.push(client)
  return client
}

const record = (path: string, more: object = {}) => ({
  folder: 'docs',
  path,
  kind: 'file',
  size: 1,
  hash: HASH,
  mtime: 0,
  mode: null,
  version: 1,
  token: 't',
  reported: 0,
  ...more,
})

describe('a session', () => {
  it('starts Escalator, then the Referee, then the services, and stops them the other way round', async () => {
    const launcher = await launch(makeSetup(['a', 'b']))
    await launcher.stop()
    const order = (state: string) =>
      events.flatMap((event) => (event.type === 'process_state' && event.state === state ? [event.process] : []))
    expect(order('running').slice(0, 2)).toEqual(['escalator', 'referee'])
    expect(order('running').slice(2).toSorted()).toEqual(['a', 'b'])
    expect(order('stopped').slice(0, 2).toSorted()).toEqual(['a', 'b'])
    expect(order('stopped').slice(2)).toEqual(['referee', 'escalator'])
    expect(events.map(({ type }) => type)).toContain('session_started')
    expect(events.map(({ type }) => type)).toContain('session_stopping')
  })

  it('leaves its database and logs behind, and nothing else', async () => {
    const launcher = await launch(makeSetup(['a']))
    const { runtime } = await find()
    await launcher.stop()
    await launcher.stop()
    expect((await readdir(join(configDirectory, 'home'))).toSorted()).toEqual(['db', 'logs'])
    await expect(readdir(runtime)).rejects.toThrow(/ENOENT/)
    const log = await readFile(join(configDirectory, 'home', 'logs', 'onitu.log'), 'utf8')
    const lines = log
      .trim()
      .split('\n')
      .map((line): { msg: string } => JSON.parse(line))
    expect(lines.map(({ msg }) => msg)).toContain('Session home started')
  })

  it('writes the setup, and forgets what an earlier one had', async () => {
    const first = await launch(makeSetup(['a', 'b']))
    const before = await database(await find())
    const fid = fileId('docs', 'x')
    await before.batch([
      { type: 'put', key: keys.order('b', fid), value: { version: 1 } },
      { type: 'put', key: keys.file('b', fid), value: record('x') },
      { type: 'put', key: keys.outbox('b', 1), value: {} },
      { type: 'put', key: keys.serviceState('b'), value: { folders: { docs: { available: true } } } },
      { type: 'put', key: keys.port('events:referee'), value: 'ipc:///gone' },
      { type: 'put', key: keys.rules, value: [] },
      { type: 'put', key: keys.request('1'), value: {} },
      { type: 'put', key: keys.answer('2'), value: {} },
    ])
    expect(await before.get(keys.services)).toEqual(['a', 'b'])
    expect(await before.get(keys.serviceFolderPath('b', 'docs'))).toBe('/nowhere/b')
    await first.stop()

    await launch(makeSetup(['a']))
    const after = await database(await find())
    expect(await after.get(keys.services)).toEqual(['a'])
    expect(await after.keys({ prefix: 'service:b:' }).all()).toEqual([
      keys.file('b', fid),
      keys.outbox('b', 1),
      keys.serviceState('b'),
    ])
    expect(await after.keys({ prefix: 'port:' }).all()).toEqual([])
    expect(await after.existMany([keys.rules, keys.request('1'), keys.answer('2')])).toEqual([false, false, false])
    expect(await after.get(keys.serviceFolderOptions('a', 'docs'))).toEqual({ mode: 'rw' })
  })

  it('goes on when a service cannot start, keeps failing, or never listens', async () => {
    const launcher = await launch(makeSetup(['ready', 'crash', 'misconfigured', 'deaf']))
    const state = async (name: string) =>
      (await launcher.status()).services.find((service) => service.name === name)?.state
    expect(await state('ready')).toBe('running')
    await expect.poll(() => state('crash'), { timeout: 20_000 }).toBe('failed')
    expect(await state('misconfigured')).toBe('failed')
    await launcher.stop()
    expect((await launcher.status()).processes.filter(({ pid }) => pid !== null).map(({ name }) => name)).toEqual([
      'launcher',
    ])
  })

  it('gives up at once when the Referee is misconfigured', async () => {
    const wrong = { ...entries, referee: new URL('./fixtures/misconfigured.mjs', import.meta.url).href }
    const launcher = new Launcher({
      setup: makeSetup(['a']),
      setupFile: '/s',
      configDirectory,
      entries: wrong,
      grace: 2_000,
    })
    await expect(launcher.start()).rejects.toThrow('referee cannot start: no such thing')
    await expect(find()).rejects.toThrow(/No session is running/)
  })

  it('runs beside another one', async () => {
    await launch(makeSetup(['a'], 'one'))
    await launch(makeSetup(['a'], 'two'))
    await expect(find()).rejects.toThrow(/Several sessions are running .*one, two/)
    const one = await askSession(await find('one'), { type: 'status' })
    expect(one.session).toBe('one')
  })

  it('refuses a second start', async () => {
    await launch(makeSetup(['a']))
    await expect(launch(makeSetup(['a']))).rejects.toThrow(/running already/)
    expect((await askSession(await find(), { type: 'status' })).session).toBe('home')
  })

  it('republishes events of every process', async () => {
    await launch(makeSetup(['a']))
    const { runtime } = await find()
    const connected = deferred()
    const subscriber = createSubscriber({ address: ipcAddress(runtime, 'bus'), connected: connected.resolve })
    const publisher = createEventPublisher({ address: ipcAddress(runtime, 'bus-in'), process: 'test' })
    const seen = (async () => {
      for await (const [frame] of subscriber) if (frame !== undefined) return decodeEvents(frame)
      return []
    })()
    await connected.promise
    // A subscription takes a moment to reach the publisher, so this goes on until something comes through.
    const timer = setInterval(() => publisher.publish({ type: 'driver_started', service: 'a' }), 20)
    expect((await seen)[0]).toMatchObject({ type: 'driver_started', service: 'a' })
    clearInterval(timer)
    await publisher.close()
    await subscriber.close()
    expect(events.some((event) => event.type === 'driver_started')).toBe(true)
  })
})

describe('status', () => {
  it('counts what the database holds', async () => {
    await launch(makeSetup(['a', 'b']))
    const session = await find()
    const db = await database(session)
    const [one, two, three] = ['one', 'two', 'three'].map((path) => fileId('docs', path))
    await db.batch([
      { type: 'put', key: keys.file('a', one ?? ''), value: record('one') },
      { type: 'put', key: keys.file('a', two ?? ''), value: record('two') },
      { type: 'put', key: keys.file('a', three ?? ''), value: record('three', { token: null }) },
      { type: 'put', key: keys.file('a', fileId('docs', 'dir')), value: record('dir', { kind: 'directory', size: 0 }) },
      { type: 'put', key: keys.order('a', two ?? ''), value: { version: 2 } },
      { type: 'put', key: keys.outbox('a', 7), value: {} },
      {
        type: 'put',
        key: keys.failure('a', two ?? ''),
        value: { folder: 'docs', path: 'two', code: 'ENOSPC', message: 'no space', attempts: 3, since: 5 },
      },
      {
        type: 'put',
        key: keys.serviceState('a'),
        value: { folders: { docs: { available: false, reason: 'unmounted' } } },
      },
      {
        type: 'put',
        key: keys.conflict(one ?? ''),
        value: { fid: one, folder: 'docs', path: 'p', copyPath: 'one', winner: 'a', loser: 'b', version: 3 },
      },
    ])
    const status = await askSession(session, { type: 'status' })
    expect(status.services[0]).toEqual({
      name: 'a',
      driver: 'fixture',
      state: 'running',
      folders: ['docs'],
      counts: { files: 2, directories: 1, upToDate: 2, pending: 1, reported: 1 },
      failed: [{ folder: 'docs', path: 'two', code: 'ENOSPC', message: 'no space', attempts: 3, since: 5 }],
      unavailable: [{ folder: 'docs', reason: 'unmounted' }],
    })
    expect(status.conflicts).toEqual([{ folder: 'docs', path: 'p', copyPath: 'one', winner: 'a', loser: 'b' }])
    expect(status.processes.map(({ kind }) => kind)).toEqual(['launcher', 'escalator', 'referee', 'service', 'service'])
    for (const { memory } of status.processes) expect(memory).toBeGreaterThan(1_000_000)
  })

  it('is answered while Escalator is down, and says so', async () => {
    const launcher = await launch(makeSetup(['a']))
    const before = (await launcher.status()).processes.find(({ name }) => name === 'escalator')
    process.kill(before?.pid ?? 0, 'SIGKILL')
    await expect
      .poll(async () => (await launcher.status()).processes.find(({ name }) => name === 'escalator')?.restarts)
      .toBe(1)
    await expect.poll(async () => (await launcher.status()).services[0]?.counts).toBeTruthy()
  })
})

describe('wait', () => {
  it('returns at once when nothing is pending', async () => {
    const launcher = await launch(makeSetup(['a', 'b']))
    expect(await launcher.wait(null, new AbortController().signal)).toEqual({
      done: true,
      catchingUp: [],
      problems: [],
      pending: [],
      held: [],
    })
  })

  it('returns when the last order is done', async () => {
    const launcher = await launch(makeSetup(['a']))
    const db = await database(await find())
    await db.put(keys.order('a', 'x'), { version: 1 })
    let done = false
    const waiting = launcher.wait(null, new AbortController().signal).then((result) => {
      done = true
      return result
    })
    expect((await launcher.wait(100, new AbortController().signal)).done).toBe(false)
    expect(done).toBe(false)
    await db.delete(keys.order('a', 'x'))
    expect((await waiting).done).toBe(true)
  })

  it('says after a timeout what is pending, and why', async () => {
    const launcher = await launch(makeSetup(['a', 'b']))
    const db = await database(await find())
    const failure = { folder: 'docs', path: 'x', code: 'EACCES', message: 'no permission', attempts: 1, since: 1 }
    await db.put(keys.order('a', 'x'), { version: 1 })
    await db.put(keys.failure('a', 'x'), failure)
    await launcher.service('stop', 'a')
    const result = await launcher.wait(BRIEFLY, new AbortController().signal)
    expect(result).toEqual({
      done: false,
      catchingUp: [],
      problems: [],
      pending: [{ service: 'a', state: 'stopped', pending: 1, reported: 0, failed: [failure] }],
      held: [],
    })
  })
})

describe('what keeps services from their work', () => {
  it('is told by wait, with a folder that nothing is to be done in as well', async () => {
    const launcher = await launch(makeSetup(['a', 'misconfigured']))
    const db = await database(await find())
    await db.put(keys.serviceState('a'), { folders: { docs: { available: false, reason: 'unmounted' } } })
    expect(await launcher.wait(null, new AbortController().signal)).toMatchObject({
      done: true,
      problems: [
        { service: 'a', folder: 'docs', reason: 'unmounted' },
        { service: 'misconfigured', folder: null, reason: 'its process has failed: no such thing' },
      ],
    })
  })

  it('is what a service answers that cannot look at what changed, and is not asked too often', async () => {
    const launcher = await launch(makeSetup(['blind']))
    const { done, catchingUp, problems } = await launcher.wait(BRIEFLY, new AbortController().signal)
    expect({ done, catchingUp }).toEqual({ done: false, catchingUp: ['blind'] })
    expect(problems).toEqual([{ service: 'blind', folder: null, reason: expect.stringMatching(/^cannot look \d+$/) }])
    // Each may be another attempt with a password that is wrong.
    expect(Number(problems[0]?.reason.split(' ').at(-1))).toBeLessThan(8)
  })
})

describe('a request for the Referee', () => {
  const file = { file: 'f', absolute: ['/f'], folder: 'docs' }
  const head = (path: string, more: object = {}) => {
    const content = { kind: 'file', size: 1, hash: HASH, mtime: 0, mode: null }
    const origin = { mimetype: 'text/plain', origin: 'a', deleted: false, parents: [] }
    return { fid: fileId('docs', path), folder: 'docs', path, version: 1, ...content, ...origin, ...more }
  }
  const put = (key: string, value: unknown) => ({ type: 'put', key, value }) as const

  /** A session with one conflict; the test is its Referee. */
  const withConflict = async () => {
    const launcher = await launch(makeSetup(['a', 'b']))
    const db = await database(await find())
    const conflict = { fid: fileId('docs', 'f'), folder: 'docs', path: 'f', copyPath: 'f copy', version: 1 }
    await db.batch([
      put(keys.head(fileId('docs', 'f')), head('f', { version: 3 })),
      put(keys.head(fileId('docs', 'f copy')), head('f copy', { version: 2 })),
      put(keys.conflict(fileId('docs', 'f copy')), { ...conflict, winner: 'a', loser: 'b' }),
    ])
    const requests = () => db.range({ prefix: keys.requestPrefix }).all()
    await expect.poll(requests).toEqual([])
    return { launcher, db, requests }
  }

  it('is put into the database, and its answer is given and removed', async () => {
    const { launcher, db, requests } = await withConflict()
    const resolving = launcher.resolve(file, 'b', new AbortController().signal)
    await expect.poll(requests).toHaveLength(1)
    const [[key, request] = ['']] = await requests()
    const copy = { fid: fileId('docs', 'f copy'), version: 2 }
    const keep = { fid: copy.fid, service: 'b' }
    expect(request).toEqual({
      type: 'resolve',
      original: { fid: fileId('docs', 'f'), version: 3 },
      copies: [copy],
      keep,
    })
    const answer = keys.answer(lastPart(key))
    await db.batch([{ type: 'delete', key }, put(answer, { type: 'resolved' })])
    expect(await resolving).toEqual({ folder: 'docs', path: 'f', keep: 'b', copies: ['f copy'] })
    expect(await db.exists(answer)).toBe(false)
  })

  it('that is refused fails with the reason', async () => {
    const { launcher, db, requests } = await withConflict()
    const resolving = launcher.resolve(file, 'both', new AbortController().signal)
    await expect.poll(requests).toHaveLength(1)
    const [[key] = ['']] = await requests()
    const refused = { type: 'refused', code: 'CONFLICT_CHANGED', message: 'no' }
    await db.batch([{ type: 'delete', key }, put(keys.answer(lastPart(key)), refused)])
    await expect(resolving).rejects.toMatchObject({ code: 'CONFLICT_CHANGED', message: 'no' })
    expect(await db.keys({ prefix: keys.answerPrefix }).all()).toEqual([])
  })

  it('is taken back when whoever asked is gone', async () => {
    const { launcher, requests } = await withConflict()
    const gone = new AbortController()
    const resolving = launcher.resolve(file, 'a', gone.signal)
    await expect.poll(requests).toHaveLength(1)
    gone.abort(new Error('gone'))
    await expect(resolving).rejects.toThrow('gone')
    expect(await requests()).toEqual([])
  })
})

describe('service', () => {
  it('stops, starts and restarts one service, and says when there is nothing to do', async () => {
    await launch(makeSetup(['a', 'b']))
    const session = await find()
    const ask = (action: 'start' | 'stop' | 'restart', name: string) =>
      askSession(session, { type: 'service', action, name })
    const pids = async () => (await askSession(session, { type: 'status' })).processes.map(({ pid }) => pid)
    await expect(ask('start', 'a')).rejects.toThrow('service a is already running')
    await expect(ask('stop', 'nope')).rejects.toThrow('service nope not found')
    const before = await pids()
    await ask('stop', 'a')
    expect((await pids())[3]).toBeNull()
    await expect(ask('stop', 'a')).rejects.toThrow('service a is already stopped')
    await expect(ask('restart', 'a')).rejects.toThrow('service a is stopped')
    await ask('start', 'a')
    await ask('restart', 'b')
    const after = await pids()
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3))
    expect(after[3]).not.toBe(before[3])
    expect(after[4]).not.toBe(before[4])
  })

  it('tells why one did not start', async () => {
    await launch(makeSetup(['misconfigured']))
    await expect(askSession(await find(), { type: 'service', action: 'start', name: 'misconfigured' })).rejects.toThrow(
      'service misconfigured did not start: no such thing',
    )
  })

  it('answers what it cannot understand with an error', async () => {
    await launch(makeSetup(['a']))
    const odd = { type: 'nonsense' } as unknown as { type: 'stop' }
    await expect(askSession(await find(), odd)).rejects.toThrow(/The request does not fit/)
  })
})

describe('stop', () => {
  it('is asked for over the control socket', async () => {
    const launcher = await launch(makeSetup(['a']))
    await askSession(await find(), { type: 'stop' })
    await launcher.stopRequested
  })

  it('ends a start that is under way', async () => {
    const slow = { ...entries, referee: new URL('./fixtures/hang.mjs', import.meta.url).href }
    const launcher = new Launcher({
      setup: makeSetup(['a']),
      setupFile: '/s',
      configDirectory,
      entries: slow,
      grace: 300,
    })
    const starting = launcher.start()
    const refused = expect(starting).rejects.toThrow('The session is stopping')
    await launcher.stop()
    await refused
    await expect(find()).rejects.toThrow(/No session is running/)
  })

  it('leaves the file of a session alone that is not its own', async () => {
    const launcher = await launch(makeSetup(['a']))
    const path = join(configDirectory, 'home', 'session.json')
    await writeFile(path, '{}')
    await launcher.stop()
    expect(await readFile(path, 'utf8')).toBe('{}')
  })
})

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
