import { describe, expect, it } from 'vitest'
import type { WatchEvent } from '../src/database.ts'
import { cleanup, client, forkServer, open, serve, temporaryDirectory, until } from './support.ts'

interface Watcher<E> {
  readonly events: E[]
  /** Until there are so many events. */
  seen(count: number): Promise<E[]>
}

/** Collects events until the end of the test. */
function follow<E>(events: AsyncIterableIterator<E>): Watcher<E> {
  const collected: E[] = []
  const loop = (async () => {
    for await (const event of events) collected.push(event)
  })()
  cleanup(async () => {
    await events.return?.()
    await loop
  })
  return {
    events: collected,
    async seen(count) {
      await until(() => collected.length >= count, `${count} events are seen, of ${JSON.stringify(collected)}`)
      return collected
    },
  }
}

async function firstOf<E>(events: AsyncIterableIterator<E>, count: number): Promise<E[]> {
  const first: E[] = []
  for await (const event of events) {
    first.push(event)
    if (first.length === count) break
  }
  return first
}

/** Without its position. */
function short(event: WatchEvent): string {
  if (event.type === 'rescan') return 'rescan'
  return event.type === 'put' ? `${event.key}=${JSON.stringify(event.value)}` : `-${event.key}`
}

describe('a watch', () => {
  it('begins with rescan, then tells puts and deletes in the order in which they were committed', async () => {
    const { database } = await open()
    await database.put('before', 0)
    const watcher = follow(database.watch())
    await watcher.seen(1)
    await database.put('a', { deep: [1] })
    await database.delete('a')
    await database.put('a', 'again')
    expect((await watcher.seen(4)).map(short)).toEqual(['rescan', 'a={"deep":[1]}', '-a', 'a="again"'])
  })

  it('tells only what is under its prefix, without the prefix of the database', async () => {
    const { database } = await open()
    const users = database.prefixed('users:')
    const watcher = follow(users.watch({ prefix: 'a' }))
    await watcher.seen(1)
    await database.put('users:b', 0)
    await database.put('a', 0)
    await users.put('a', 1)
    await users.put('ab', 2)
    expect((await watcher.seen(3)).map(short)).toEqual(['rescan', 'a=1', 'ab=2'])
  })

  it('tells every write of a batch, of a conditional one only when it was made, and what clear deleted', async () => {
    const { database } = await open()
    const watcher = follow(database.watch())
    await watcher.seen(1)
    await database.batch([
      { type: 'put', key: 'a', value: 1 },
      { type: 'put', key: 'b', value: 2 },
      { type: 'delete', key: 'a' },
    ])
    const refused = database.batch([{ type: 'put', key: 'c', value: 3 }], { conditions: [{ key: 'b', absent: true }] })
    await expect(refused).rejects.toMatchObject({ code: 'CONDITION_FAILED' })
    await database.batch([{ type: 'put', key: 'd', value: 4 }], { conditions: [{ key: 'b', equals: 2 }] })
    await database.clear()
    const seen = (await watcher.seen(7)).map(short)
    expect(seen).toEqual(['rescan', 'a=1', 'b=2', '-a', 'd=4', '-b', '-d'])
  })

  it('gives bytes as they are stored, when asked', async () => {
    const { database } = await open()
    const key = Uint8Array.of(0xff, 0)
    const value = Uint8Array.of(1, 2)
    const watcher = follow(database.watch({ raw: true, rawKeys: true }))
    await watcher.seen(1)
    await database.put(key, value, { raw: true })
    expect((await watcher.seen(2))[1]).toEqual({ type: 'put', key, value, position: expect.any(String) })
  })

  it('of one client sees the writes of another, and any number of watches see the same', async () => {
    const { server, database } = await open()
    const other = await client(server.address)
    const watchers = Array.from({ length: 20 }, () => follow(database.watch()))
    for (const watcher of watchers) await watcher.seen(1)
    await other.put('a', 1)
    for (const watcher of watchers) expect((await watcher.seen(2)).map(short)).toEqual(['rescan', 'a=1'])
  })

  it('resumes behind any event, also in the middle of a batch', async () => {
    const { database } = await open()
    const watcher = follow(database.watch())
    await watcher.seen(1)
    await database.batch(['a', 'b', 'c', 'd'].map((key) => ({ type: 'put', key, value: key })))
    await database.put('e', 'e')
    const events = await watcher.seen(6)
    for (const [index, event] of events.slice(0, -1).entries()) {
      const rest = events.slice(index + 1)
      expect(await firstOf(database.watch({ from: event.position }), rest.length)).toEqual(rest)
    }
  })

  it('misses nothing while it was away', async () => {
    const { database } = await open()
    const [begin] = await firstOf(database.watch(), 1)
    const keys = Array.from({ length: 3_000 }, (_, index) => `k${index}`)
    for (let at = 0; at < keys.length; at += 100)
      await Promise.all(keys.slice(at, at + 100).map((key) => database.put(key, key)))
    const seen = await firstOf(database.watch({ from: begin?.position ?? '' }), keys.length)
    expect(new Set(seen.map(short))).toEqual(new Set(keys.map((key) => `${key}="${key}"`)))
  })

  it('of a prefix that nothing is written under goes on where it was', async () => {
    const { database } = await open()
    const watcher = follow(database.watch({ prefix: 'x' }))
    await watcher.seen(1)
    for (let round = 0; round < 12; round++)
      await database.batch(
        Array.from({ length: 1_000 }, (_, index) => ({ type: 'put', key: `k${index}`, value: round })),
      )
    await database.put('x', 1)
    expect((await watcher.seen(2)).map(short)).toEqual(['rescan', 'x=1'])
    const [begin] = watcher.events
    expect((await firstOf(database.watch({ prefix: 'x', from: begin?.position ?? '' }), 1)).map(short)).toEqual(['x=1'])
  })

  it('that is too far behind is told to scan again, and then gets what follows', async () => {
    const server = await serve({ watchLog: 10_000 })
    const database = await client(server.address)
    const [begin] = await firstOf(database.watch(), 1)
    for (let index = 0; index < 100; index++) await database.put(`k${index}`, 'x'.repeat(200))
    const late = follow(database.watch({ from: begin?.position ?? '' }))
    expect((await late.seen(1)).map(short)).toEqual(['rescan'])
    await database.put('next', 1)
    expect((await late.seen(2)).map(short)).toEqual(['rescan', 'next=1'])
  })

  it('whose loop is slow holds nothing up, and is told to scan again', async () => {
    const server = await serve({ watchLog: 20_000 })
    const database = await client(server.address)
    const slow = database.watch()
    expect((await slow.next()).value?.type).toBe('rescan')
    for (let index = 0; index < 1_000; index++) await database.put(`k${index}`, 'x'.repeat(200))
    const types: string[] = []
    for await (const event of slow) {
      types.push(event.type)
      if (event.type === 'rescan') break
    }
    expect(types.length).toBeLessThan(1_000)
    expect(types.at(-1)).toBe('rescan')
  })

  it('ends with its loop, with its signal, and with its client', async () => {
    const { server, database } = await open()
    const own = await client(server.address)
    const left = database.watch()
    await left.next()
    const waiting = left.next()
    await left.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    const controller = new AbortController()
    const aborted = database.watch({ signal: controller.signal })
    await aborted.next()
    controller.abort(new Error('enough'))
    await expect(aborted.next()).rejects.toThrow('enough')
    const closed = own.watch()
    await closed.next()
    const last = closed.next()
    await own.close()
    await expect(last).rejects.toMatchObject({ code: 'ESCALATOR_CLOSED' })
  })

  it('refuses a position that is none', async () => {
    const { database } = await open()
    expect(() => database.watch({ from: 'yesterday' })).toThrow(TypeError)
  })

  it('goes on when its database was closed on the server, and says that it may have missed something', async () => {
    const { database } = await open()
    const watcher = follow(database.watch())
    await watcher.seen(1)
    await database.put('a', 1)
    await watcher.seen(2)
    await database.release('default')
    expect((await watcher.seen(3)).map(short)).toEqual(['rescan', 'a=1', 'rescan'])
    await database.put('b', 2)
    expect((await watcher.seen(4)).map(short)[3]).toEqual('b=2')
  })

  it('survives a killed server, and does not take positions of the earlier one for its own', async () => {
    const directory = await temporaryDirectory()
    const configuration = { type: 'start', address: `ipc://${directory}/socket`, directory: `${directory}/data` }
    const first = await forkServer(configuration)
    const database = await client(configuration.address, { timeout: 30_000 })
    const watcher = follow(database.watch())
    await watcher.seen(1)
    await database.put('a', 1)
    const [, change] = await watcher.seen(2)
    first.child.kill('SIGKILL')
    await first.exited
    await forkServer(configuration)
    await watcher.seen(3)
    for (let index = 0; index < 5; index++) await database.put(`b${index}`, index)
    expect((await watcher.seen(8)).map(short)).toEqual([
      'rescan',
      'a=1',
      'rescan',
      'b0=0',
      'b1=1',
      'b2=2',
      'b3=3',
      'b4=4',
    ])
    expect((await firstOf(database.watch({ from: change?.position ?? '' }), 1)).map(short)).toEqual(['rescan'])
  })

  it('follows writers under load, so that a copy made from it is the same', async () => {
    const { server, database } = await open()
    const copy = new Map<string, unknown>()
    const order: number[] = []
    const events = database.watch()
    await events.next()
    const last = 'z:last'
    const loop = (async () => {
      for await (const event of events) {
        if (event.type === 'rescan') throw new Error('Nothing should be missed')
        order.push(Number(event.position.split('.')[1]))
        if (event.type === 'put') copy.set(event.key, event.value)
        else copy.delete(event.key)
        if (event.key === last) return
      }
    })()
    const writers = Array.from({ length: 4 }, async (_, number) => {
      const writer = await client(server.address)
      for (let i = 0; i < 300; i++) {
        const key = `${i % 17}`
        if (i % 5 === 0) await writer.delete(key)
        else
          await writer.batch([
            { type: 'put', key, value: [number, i] },
            { type: 'put', key: `${key}:${number}`, value: i },
          ])
      }
    })
    await Promise.all(writers)
    await database.put(last, true)
    await loop
    expect(copy).toEqual(new Map(await database.range().all()))
    expect(order).toEqual(order.toSorted((left, right) => left - right))
  })
})
