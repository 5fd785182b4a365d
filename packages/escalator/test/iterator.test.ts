import { describe, expect, it } from 'vitest'
import type { Client } from '../src/client/connect.ts'
import { open, until } from './support.ts'

const name = (number: number) => String(number).padStart(6, '0')

async function fill(database: Client, count: number): Promise<void> {
  await database.batch(Array.from({ length: count }, (_, i) => ({ type: 'put', key: name(i), value: i })))
}

describe('an iterator', () => {
  it('gives one entry after the other, then nothing', async () => {
    const { server, database } = await open()
    await fill(database, 3)
    const iterator = database.iterator<number>()
    expect([await iterator.next(), await iterator.next(), await iterator.next(), await iterator.next()]).toEqual([
      [name(0), 0],
      [name(1), 1],
      [name(2), 2],
      undefined,
    ])
    await iterator.close()
    await iterator.close()
    expect(server.stats().ranges).toBe(0)
  })

  it('answers calls that did not wait for each other in their order', async () => {
    const { database } = await open()
    await fill(database, 1_000)
    await using iterator = database.iterator<number>()
    const entries = await Promise.all(Array.from({ length: 1_001 }, () => iterator.next()))
    expect(entries.map((entry) => entry?.[1])).toEqual([...Array(1_000).keys(), undefined])
  })

  it('shows the state at which it was made', async () => {
    const { database } = await open()
    await fill(database, 2)
    await using iterator = database.iterator()
    await database.clear()
    expect(await iterator.next()).toEqual([name(0), 0])
  })

  it('moves to any key within its bounds, forwards and backwards, also from its end', async () => {
    const { database } = await open()
    await fill(database, 10_000)
    await using iterator = database.iterator<number>({ start: name(100), stop: name(9_000) })
    const at = async (key: string) => {
      iterator.seek(key)
      return (await iterator.next())?.[1]
    }
    expect(await at(name(5_000))).toBe(5_000)
    expect(await at(name(200))).toBe(200)
    expect(await at(`${name(300)}x`)).toBe(301)
    expect(await at(name(9_500))).toBeUndefined()
    expect(await at(name(8_999))).toBe(8_999)
    expect(await iterator.next()).toBeUndefined()
    expect(await at(name(100))).toBe(100)
    // Further than what was read ahead.
    for (let i = 101; i < 5_000; i++) expect((await iterator.next())?.[1]).toBe(i)
    await using reverse = database.iterator<number>({ reverse: true })
    reverse.seek(`${name(300)}x`)
    expect(await reverse.next()).toEqual([name(300), 300])
    expect(await reverse.next()).toEqual([name(299), 299])
  })

  it('moves by keys of the part that it is of', async () => {
    const { database } = await open()
    const part = database.prefixed('p:')
    await part.batch(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: key })))
    await using iterator = part.iterator()
    iterator.seek('b')
    expect(await iterator.next()).toEqual(['b', 'b'])
  })

  it('cannot be moved while an entry is waited for', async () => {
    const { database } = await open()
    await using iterator = database.iterator()
    const waiting = iterator.next()
    expect(() => iterator.seek('a')).toThrow(TypeError)
    await waiting
    iterator.seek('a')
  })

  it('is freed at the end of a loop over it, or when the loop is left', async () => {
    const { server, database } = await open()
    await fill(database, 5_000)
    let count = 0
    for await (const _ of database.iterator()) count++
    expect(count).toBe(5_000)
    expect(server.stats().ranges).toBe(0)
    for await (const _ of database.iterator()) break
    await until(() => server.stats().ranges === 0, 'the range is freed')
  })
})
