import { describe, expect, it } from 'vitest'
import { open } from './support.ts'

const every = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte))

describe('keys that are bytes', () => {
  it('come back as they were, in the order of bytes', async () => {
    const { database } = await open()
    await database.batch(every.toReversed().map((key) => ({ type: 'put', key, value: key[0] })))
    expect(await database.keys({ rawKeys: true }).all()).toEqual(every)
    expect(await database.range({ rawKeys: true, reverse: true, limit: 1 }).all()).toEqual([[every[255], 255]])
    expect(await database.getMany(every)).toEqual(every.map((key) => key[0]))
  })

  it('are the same as the text that they spell', async () => {
    const { database } = await open()
    await Promise.all([database.put('é', 1), database.put(Buffer.from('é'), 2)])
    expect(await database.range().all()).toEqual([['é', 2]])
    await database.delete(Buffer.from('é'))
    expect(await database.exists('é')).toBe(false)
  })

  it('bound a range, as start, stop and prefix', async () => {
    const { database } = await open()
    await database.batch(every.map((key) => ({ type: 'put', key, value: 0 })))
    const bounded = database.keys({ start: Uint8Array.of(0x80), stop: Uint8Array.of(0x82), rawKeys: true })
    expect(await bounded.all()).toEqual([Uint8Array.of(0x80), Uint8Array.of(0x81)])
    await database.put(Uint8Array.of(0xff, 0xff, 1), 0)
    const last = database.keys({ prefix: Uint8Array.of(0xff), rawKeys: true })
    expect(await last.all()).toEqual([Uint8Array.of(0xff), Uint8Array.of(0xff, 0xff, 1)])
  })

  it('may be the prefix of a part', async () => {
    const { database } = await open()
    const part = database.prefixed(Uint8Array.of(0xff)).prefixed('é')
    await part.put('a', 1)
    await part.put(Uint8Array.of(0x80), 2)
    expect(await part.get('a')).toBe(1)
    expect(await part.keys({ stop: 'b' }).all()).toEqual(['a'])
    expect(await database.keys({ rawKeys: true }).all()).toEqual([
      Uint8Array.of(0xff, 0xc3, 0xa9, 97),
      Uint8Array.of(0xff, 0xc3, 0xa9, 0x80),
    ])
  })

  it('are named by an error', async () => {
    const { database } = await open()
    await expect(database.get(Uint8Array.of(255, 1))).rejects.toThrow('0xff01')
    const batch = database.batch([], { conditions: [{ key: Uint8Array.of(9), equals: 1 }] })
    await expect(batch).rejects.toMatchObject({
      code: 'CONDITION_FAILED',
      details: { key: Uint8Array.of(9), index: 0 },
    })
    await expect(database.put(5 as never, 1)).rejects.toThrow(TypeError)
  })

  it('may appear in a range that began with texts', async () => {
    const { database } = await open()
    const texts = Array.from({ length: 3_000 }, (_, i) => `a${String(i).padStart(5, '0')}`)
    await database.batch(texts.map((key) => ({ type: 'put', key, value: Buffer.from(key), raw: true })))
    // Values that are no texts from the middle on, then keys that are none.
    await database.put('a02000', Uint8Array.of(0x80), { raw: true })
    await database.put(Uint8Array.of(97, 0xff), Uint8Array.of(1), { raw: true })
    for (const reverse of [false, true]) {
      const entries = await database.range<Uint8Array>({ raw: true, rawKeys: true, reverse }).all()
      if (reverse) entries.reverse()
      expect(entries.slice(0, -1).map(([key]) => Buffer.from(key).toString())).toEqual(texts)
      expect(entries[1999]?.[1]).toEqual(new Uint8Array(Buffer.from('a01999')))
      expect(entries[2000]?.[1]).toEqual(Uint8Array.of(0x80))
      expect(entries.at(-1)).toEqual([Uint8Array.of(97, 0xff), Uint8Array.of(1)])
    }
    expect(await database.values({ raw: true, limit: 2_001 }).all()).toHaveLength(2_001)
  })
})
