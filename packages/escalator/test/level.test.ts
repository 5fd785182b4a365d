import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { EscalatorLevel } from '../src/level/escalator-level.ts'
import { cleanup, client, open, serve, temporaryDirectory } from './support.ts'

async function level(address: string, options = {}): Promise<EscalatorLevel> {
  const opened = new EscalatorLevel(address, options)
  cleanup(() => opened.close())
  await opened.open()
  return opened
}

interface Report {
  readonly exitCode: unknown
  readonly passed: number
  readonly failures: readonly string[]
}

/** Runs it in a process of its own, on the package as it is built, since it is written for tape. */
function runSuite(): Promise<Report> {
  const script = fileURLToPath(new URL('abstract-level-suite.js', import.meta.url))
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { maxBuffer: 64 * 1024 * 1024, timeout: 170_000 }, (error, stdout, stderr) => {
      const lines = stdout.split('\n')
      const failures = lines.filter((line) => line.startsWith('not ok'))
      if (failures.length > 0 || error) process.stderr.write(`${stderr}${lines.slice(-200).join('\n')}\n`)
      const passed = lines.filter((line) => line.startsWith('ok')).length
      resolve({ exitCode: error === null ? 0 : (error.code ?? error.signal), passed, failures })
    })
  })
}

describe('EscalatorLevel', () => {
  it('passes the whole test suite of abstract-level', { timeout: 180_000 }, async () => {
    const { exitCode, passed, failures } = await runSuite()
    process.stdout.write(`abstract-level's suite: ${passed} assertions hold, ${failures.length} do not\n`)
    expect(failures).toEqual([])
    expect(exitCode).toBe(0)
    expect(passed).toBeGreaterThan(4_500)
  })

  it('says what it supports', async () => {
    const server = await serve()
    const { supports } = await level(server.address)
    expect(supports).toMatchObject({
      implicitSnapshots: true,
      explicitSnapshots: true,
      seek: true,
      has: true,
      getSync: false,
      createIfMissing: true,
      errorIfExists: true,
      deferredOpen: true,
      additionalMethods: { approximateSize: true, compactRange: true, property: true },
    })
  })

  it('shows two clients of a server the same sublevels', async () => {
    const server = await serve()
    const [one, other] = [await level(server.address), await level(server.address)]
    const json = { valueEncoding: 'json' }
    const mine = one.sublevel<string, unknown>('users', json)
    const theirs = other.sublevel<string, unknown>('users', json)
    await mine.batch([
      { type: 'put', key: 'ada', value: { born: 1815 } },
      { type: 'put', key: 'alan', value: { born: 1912 } },
    ])
    await one.sublevel('other').put('ada', 'apart')
    expect(await theirs.iterator().all()).toEqual([
      ['ada', { born: 1815 }],
      ['alan', { born: 1912 }],
    ])
    const snapshot = theirs.snapshot()
    await mine.del('ada')
    expect(await theirs.getMany(['ada', 'alan'])).toEqual([undefined, { born: 1912 }])
    expect(await theirs.get('ada', { snapshot })).toEqual({ born: 1815 })
    await snapshot.close()
    await theirs.clear()
    expect(await mine.keys().all()).toEqual([])
    expect(await other.sublevel('other').get('ada')).toBe('apart')
    expect(server.stats().snapshots).toBe(0)
  })

  it('shares its database with clients of the other kind', async () => {
    const { server, database } = await open()
    const shared = await level(server.address, { valueEncoding: 'view' })
    await database.put('from client', Uint8Array.of(1, 2), { raw: true })
    await shared.put('from level', Buffer.of(3) as never)
    expect(await shared.get('from client')).toEqual(Buffer.of(1, 2))
    expect(await database.get('from level', { raw: true })).toEqual(Uint8Array.of(3))
  })

  it('asks LevelDB about the database', async () => {
    const server = await serve()
    const database = new EscalatorLevel(server.address)
    cleanup(() => database.close())
    expect(await database.property('leveldb.stats')).toContain('Compactions')
    await database.batch(
      Array.from({ length: 5_000 }, (_, i) => ({ type: 'put', key: `${i}`, value: `${Math.random()}` })),
    )
    await database.compactRange('0', '9')
    expect(await database.approximateSize('0', '9')).toBeGreaterThan(10_000)
  })

  it('frees its iterators and snapshots on the server when it is closed', async () => {
    const { server, database: filler } = await open()
    await filler.batch(Array.from({ length: 5_000 }, (_, i) => ({ type: 'put', key: `${i}`, value: i })))
    const database = await level(server.address)
    const iterator = database.iterator()
    await iterator.next()
    const snapshot = database.snapshot()
    await database.get('1', { snapshot })
    expect(server.stats()).toMatchObject({ ranges: 1, snapshots: 1 })
    await database.close()
    expect(server.stats()).toMatchObject({ ranges: 0, snapshots: 0 })
  })

  it('says why it cannot be opened', async () => {
    const directory = await temporaryDirectory()
    const nobody = new EscalatorLevel(`ipc://${directory}/nobody`, { timeout: 100 })
    await expect(nobody.open()).rejects.toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
      cause: { code: 'REQUEST_TIMEOUT' },
    })
    const { server } = await open()
    const missing = new EscalatorLevel(server.address, { database: 'missing', createIfMissing: false })
    await expect(missing.open()).rejects.toMatchObject({ cause: { code: 'DATABASE_NOT_FOUND' } })
    const taken = new EscalatorLevel(server.address, { errorIfExists: true })
    await expect(taken.open()).rejects.toMatchObject({ cause: { code: 'DATABASE_EXISTS' } })
  })

  it('goes on with the next server: reads are asked again, iterators say that they are interrupted', async () => {
    const directory = await temporaryDirectory()
    const first = await serve({ directory })
    const filler = await client(first.address)
    await filler.batch(Array.from({ length: 20_000 }, (_, i) => ({ type: 'put', key: `${i}`, value: i })))
    const database = await level(first.address)
    const iterator = database.iterator()
    await iterator.next()
    const snapshot = database.snapshot()
    await database.get('1', { snapshot })
    await first.close()
    const read = database.has('1')
    await serve({ directory })
    expect(await read).toBe(true)
    const rest = async () => {
      while ((await iterator.next()) !== undefined);
    }
    await expect(rest()).rejects.toMatchObject({ code: 'RANGE_INTERRUPTED', retryable: true })
    await expect(database.get('1', { snapshot })).rejects.toMatchObject({ code: 'SNAPSHOT_GONE' })
  })
})
