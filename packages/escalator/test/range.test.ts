import { describe, expect, it } from 'vitest'
import { connect } from '../src/client/connect.ts'
import { client, open, serve, until } from './support.ts'

const letters = ['a', 'b', 'c', 'd', 'e']
const fill = (keys: readonly string[]) => keys.map((key) => ({ type: 'put', key, value: `value of ${key}` }) as const)

describe('a range', () => {
  it('is sorted', async () => {
    const { database } = await open()
    const keys = Array.from({ length: 100 }, () => Math.random().toString(36))
    await database.batch(fill(keys))
    expect(await database.keys().all()).toEqual([...keys].sort())
  })

  it.each([
    [undefined, undefined, 'bcd'],
    [undefined, true, 'bcde'],
    [false, undefined, 'cd'],
    [false, true, 'cde'],
    [true, false, 'bcd'],
    [true, true, 'bcde'],
    [false, false, 'cd'],
  ])('from b to e with includeStart %s and includeStop %s is %s', async (includeStart, includeStop, expected) => {
    const { database } = await open()
    await database.batch(fill(letters))
    const options = {
      start: 'b',
      stop: 'e',
      ...(includeStart === undefined ? {} : { includeStart }),
      ...(includeStop === undefined ? {} : { includeStop }),
    }
    expect((await database.keys(options).all()).join('')).toBe(expected)
    const reversed = await database.keys({ ...options, reverse: true }).all()
    expect(reversed.reverse().join('')).toBe(expected)
  })

  it('takes a prefix, a limit, both directions, keys only and values only', async () => {
    const { database } = await open()
    await database.batch(fill(['a:1', 'a:2', 'a:3', 'b:1', 'é:1', '日:1', '🙂:1']))
    expect(await database.keys({ prefix: 'a:' }).all()).toEqual(['a:1', 'a:2', 'a:3'])
    expect(await database.keys({ prefix: 'a:', reverse: true, limit: 2 }).all()).toEqual(['a:3', 'a:2'])
    expect(await database.values({ prefix: '日' }).all()).toEqual(['value of 日:1'])
    expect(await database.range({ prefix: '🙂' }).all()).toEqual([['🙂:1', 'value of 🙂:1']])
    expect(await database.keys({ limit: 0 }).all()).toEqual([])
    expect(await database.keys({ start: 'x', stop: 'b' }).all()).toEqual([])
    expect(await database.keys({ start: 'b' }).all()).toEqual(['b:1', 'é:1', '日:1', '🙂:1'])
    const [raw] = await database.values({ prefix: 'b', raw: true }).all()
    expect(raw).toBeInstanceOf(Uint8Array)
  })

  it('shows the state at its beginning, over all its pages', async () => {
    const { server, database } = await open()
    const keys = Array.from({ length: 20_000 }, (_, i) => String(i).padStart(6, '0'))
    await database.batch(fill(keys))
    const seen: string[] = []
    for await (const key of database.keys()) {
      if (seen.length === 0)
        await database.batch([
          { type: 'put', key: '999999', value: 1 },
          { type: 'delete', key: '019999' },
        ])
      seen.push(key)
    }
    expect(seen).toEqual(keys)
    expect(server.stats().ranges).toBe(0)
  })

  it('is begun anew by each loop over it', async () => {
    const { database } = await open()
    await database.put('a', 1)
    const keys = database.keys()
    expect(await keys.all()).toEqual(['a'])
    await database.put('b', 1)
    expect(await keys.all()).toEqual(['a', 'b'])
  })

  it('streams 200,000 entries in bounded memory', async () => {
    const { database } = await open()
    const value = 'x'.repeat(500)
    for (let first = 0; first < 200_000; first += 5_000) {
      await database.batch(
        Array.from(
          { length: 5_000 },
          (_, i) => ({ type: 'put', key: String(first + i).padStart(8, '0'), value }) as const,
        ),
      )
    }
    const before = process.memoryUsage().rss
    let count = 0
    let highest = 0
    for await (const [key] of database.range()) {
      if (Number(key) !== count) throw new Error(`Expected entry ${count}, got ${key}`)
      if (++count % 5_000 === 0) highest = Math.max(highest, process.memoryUsage().rss)
    }
    expect(count).toBe(200_000)
    // The content is 100 MB; client and server are both in this process.
    expect(highest - before).toBeLessThan(80 * 1024 * 1024)
  })

  it('takes a bound on the files that LevelDB keeps open', async () => {
    await expect(serve({ maxOpenFiles: 10 })).rejects.toThrow(TypeError)
    const server = await serve({ maxOpenFiles: 74 })
    const database = await client(server.address)
    await database.batch(fill(letters))
    await database.compactRange()
    expect(await database.keys().all()).toEqual(letters)
  })

  it('is freed when its loop is left', async () => {
    const { server, database } = await open()
    await database.batch(fill(Array.from({ length: 20_000 }, (_, i) => String(i))))
    for await (const _ of database.range()) {
      expect(server.stats().ranges).toBe(1)
      break
    }
    expect(server.stats().ranges).toBe(0)
  })

  it('is freed when its client is gone', async () => {
    const server = await serve()
    const leaving = await connect({ address: server.address })
    await leaving.batch(fill(Array.from({ length: 20_000 }, (_, i) => String(i))))
    const iterator = leaving.range()[Symbol.asyncIterator]()
    await iterator.next()
    expect(server.stats().ranges).toBe(1)
    await leaving.close()
    await until(() => server.stats().ranges === 0, 'the range is freed')
  })

  it('is freed when nobody asks for it any more, and says so to who does', async () => {
    const server = await serve({ idleTimeout: 100 })
    const database = await client(server.address)
    await database.batch(fill(Array.from({ length: 40_000 }, (_, i) => String(i).padStart(8, '0'))))
    const late = async () => {
      for await (const _ of database.keys()) await until(() => server.stats().ranges === 0, 'the range is freed')
    }
    await expect(late()).rejects.toMatchObject({ code: 'RANGE_INTERRUPTED', retryable: true })
  })

  it('of a large database holds up nobody else', async () => {
    const { server, database } = await open()
    await database.batch(fill(Array.from({ length: 50_000 }, (_, i) => String(i))))
    const other = await client(server.address)
    let scanning = true
    const scan = database.range().all()
    void scan.then(() => {
      scanning = false
    })
    let answered = 0
    while (scanning) {
      await other.get('1')
      answered++
    }
    expect(answered).toBeGreaterThan(5)
    expect(await scan).toHaveLength(50_000)
  })
})
