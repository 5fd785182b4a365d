import { describe, expect, expectTypeOf, it } from 'vitest'
import { connect } from '../src/client/connect.ts'
import type { Database } from '../src/database.ts'
import { cleanup, client, open, serve } from './support.ts'

const put = (key: string, value: unknown = 0) => ({ type: 'put', key, value }) as const

describe('clear', () => {
  it('deletes what is in a range, and tells how much that was', async () => {
    const { database } = await open()
    await database.batch(['a', 'b', 'c', 'p:a', 'p:b'].map((key) => put(key)))
    expect(await database.clear({ start: 'a', stop: 'b', includeStop: true })).toBe(2)
    expect(await database.prefixed('p:').clear({ reverse: true, limit: 1 })).toBe(1)
    expect(await database.keys().all()).toEqual(['c', 'p:a'])
    expect(await database.clear({ sync: true })).toBe(2)
    expect(await database.clear()).toBe(0)
  })

  it('takes its turn among other calls', async () => {
    const { database } = await open()
    const calls = [database.put('a', 1), database.clear(), database.keys().all(), database.put('b', 2)]
    expect((await Promise.all(calls)).slice(1, 3)).toEqual([1, []])
    expect(await database.keys().all()).toEqual(['b'])
  })

  it('of very much leaves what is written meanwhile', async () => {
    const { server, database } = await open()
    const keys = Array.from({ length: 60_000 }, (_, i) => String(i).padStart(6, '0'))
    for (let first = 0; first < keys.length; first += 10_000)
      await database.batch(keys.slice(first, first + 10_000).map((key) => put(key)))
    const other = await client(server.address)
    let clearing = true
    const cleared = database.clear().finally(() => {
      clearing = false
    })
    const written: string[] = []
    while (clearing) {
      const key = keys.at(-1 - written.length) ?? ''
      await other.put(key, 'new')
      written.push(key)
    }
    // The last of them may have been overwritten before the clear began, or after it ended.
    expect(await cleared).toBe(60_000)
    const left = await database.range().all()
    expect(left.map(([, value]) => value)).toEqual(left.map(() => 'new'))
    expect(left.length).toBeGreaterThan(0)
  })
})

describe('what LevelDB tells', () => {
  it('is the size of a range, and properties; and it compacts', async () => {
    const { database } = await open()
    await database.batch(Array.from({ length: 10_000 }, (_, i) => put(`p:${i}`, Math.random().toString(36).repeat(5))))
    await database.compactRange()
    const whole = await database.approximateSize()
    expect(whole).toBeGreaterThan(100_000)
    expect(await database.prefixed('p:').approximateSize()).toBe(whole)
    expect(await database.approximateSize('p:2', 'p:3')).toBeLessThan(whole / 2)
    expect(await database.approximateSize('q')).toBe(0)
    await database.prefixed('p:').compactRange('1', '2')
    expect(await database.property('leveldb.stats')).toContain('Compactions')
    expect(await database.property('nonsense')).toBe('')
  })
})

describe('the words of plyvel', () => {
  it('make a part of a database', async () => {
    const { database } = await open()
    await database.prefixedDb('a:').prefixedDb('b:').put('c', 1)
    expect(await database.keys().all()).toEqual(['a:b:c'])
  })

  it('make a batch on disk, all or nothing', async () => {
    const { database } = await open()
    const batch = database.writeBatch(
      (scope) => {
        scope.put('a', Uint8Array.of(1), { raw: true }).delete('b')
      },
      { transaction: true, sync: true, conditions: [{ key: 'b', absent: true }] },
    )
    await batch
    expect(await database.get('a', { raw: true })).toEqual(Uint8Array.of(1))
  })

  it('tell whether many keys exist', async () => {
    const { database } = await open()
    await database.put('a', 1)
    expect(await database.existMany(['a', 'b', 'a'])).toEqual([true, false, true])
    expect(await database.existMany([])).toEqual([])
  })
})

describe('the types of values', () => {
  interface User {
    readonly name: string
  }

  /** Only compiled. */
  function claims(database: Database<User>): void {
    // @ts-expect-error another type of value
    void database.put('alan', 5)
    void database.put('alan', Uint8Array.of(1), { raw: true })
    expectTypeOf(database.get('ada')).resolves.toEqualTypeOf<User>()
    expectTypeOf(database.get('x', { default: null })).resolves.toEqualTypeOf<User | null>()
    expectTypeOf(database.values().all()).resolves.toEqualTypeOf<User[]>()
    expectTypeOf(database.range().all()).resolves.toEqualTypeOf<[key: string, value: User][]>()
    expectTypeOf(database.prefixed<number>('n').get('a')).resolves.toEqualTypeOf<number>()
    expectTypeOf(database.get<string>('ada')).resolves.toEqualTypeOf<string>()
  }

  it('are what the caller claims for a database, a part of it or a call', async () => {
    const server = await serve()
    const database = await connect<User>({ address: server.address })
    cleanup(() => database.close())
    await database.put('ada', { name: 'Ada' })
    expect(await database.get('ada')).toEqual({ name: 'Ada' })
    expect(claims).toBeTypeOf('function')
  })
})
