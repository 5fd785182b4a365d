import { randomBytes } from 'node:crypto'
import { decode, encode } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { Dealer } from 'zeromq'
import { packWrites } from '../src/wire/write-list.ts'
import { cleanup, open, until } from './support.ts'

async function rawClient(address: string): Promise<Dealer> {
  const socket = new Dealer({ linger: 0, receiveTimeout: 10_000 })
  cleanup(() => socket.close())
  socket.connect(address)
  return socket
}

async function ask(socket: Dealer, ...frames: Uint8Array[]): Promise<unknown> {
  await socket.send(frames)
  const [reply] = await socket.receive()
  return decode(reply ?? new Uint8Array())
}

const protocolError = expect.objectContaining({ code: 'PROTOCOL' })

describe('a malformed message', () => {
  it.each([
    ['nothing at all', new Uint8Array()],
    ['no msgpack', Buffer.from([0xc1])],
    ['a string', encode('hello')],
    ['another format', encode([99, 1, 'get'])],
    ['a truncated one', encode([1, 1, ['get', 'default', 'a']]).subarray(0, 8)],
    ['an id that is none', encode([1, 'x', ['get', 'default', 'a']])],
    ['an array of 4 billion', Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])],
  ])('without a request (%s) is answered with an error', async (_, frame) => {
    const { server } = await open()
    const socket = await rawClient(server.address)
    expect(await ask(socket, frame)).toEqual([1, null, false, protocolError])
    expect(server.stats().malformed).toBe(1)
  })

  it.each([
    ['no array', 5],
    ['nothing', null],
    ['an empty array', []],
    ['an unknown operation', ['drop', 'default']],
    ['a name that is none', ['get', 5, 'a']],
    ['a key that is none', ['get', 'default', 5]],
    ['writes that are no bytes', ['batch', 'default', ['a', 5], Buffer.of(), false]],
    ['writes that are cut short', ['batch', 'default', Buffer.of(1, 0, 0, 0, 9, 0, 0, 0, 97), Buffer.of(), false]],
    ['half a length', ['batch', 'default', Buffer.of(1, 0, 0), Buffer.of(), false]],
    ['a bound that is none', ['range', 'default', { gt: 5 }, 1]],
    ['a range without a number', ['range', 'default', {}]],
    ['a snapshot that is none', ['get', 'default', 'a', 'x']],
    ['a cursor that is none', ['page', 'x']],
  ])('with a request (%s) is answered with its id', async (_, body) => {
    const { server } = await open()
    const socket = await rawClient(server.address)
    expect(await ask(socket, encode([1, 7, body]))).toEqual([1, 7, false, protocolError])
  })

  it('cannot reach outside the directory, or the range of another client', async () => {
    const { server, database } = await open()
    const socket = await rawClient(server.address)
    const outside = await ask(socket, encode([1, 7, ['get', '../../etc', 'a']]))
    expect(outside).toEqual([1, 7, false, expect.objectContaining({ code: 'INVALID_NAME' })])
    await database.batch(
      Array.from({ length: 5_000 }, (_, i) => ({ type: 'put', key: `${i}`, value: 'x'.repeat(100) })),
    )
    const iterator = database.keys()[Symbol.asyncIterator]()
    await iterator.next()
    const stolen = await ask(socket, encode([1, 8, ['page', 1]]))
    expect(stolen).toEqual([1, 8, false, expect.objectContaining({ code: 'RANGE_GONE' })])
    await iterator.return?.()
  })

  it('cannot read one database at the snapshot of another, nor open two things under one number', async () => {
    const { server, database } = await open()
    await database.create('other')
    const socket = await rawClient(server.address)
    expect(await ask(socket, encode([1, 1, ['snapshot', 'default', 5]]))).toEqual([1, 1, true, null])
    for (const request of [
      ['get', 'other', 'a', 5],
      ['range', 'other', {}, 6, 5],
      ['clear', 'other', {}, 5, false],
      ['snapshot', 'default', 5],
    ])
      expect(await ask(socket, encode([1, 2, request]))).toEqual([1, 2, false, protocolError])
    expect(await ask(socket, encode([1, 3, ['get', 'default', 'a', 5]]))).toEqual([1, 3, true, null])
    expect(server.stats().snapshots).toBe(1)
  })

  it('of any kind harms no other client', async () => {
    const { server, database } = await open()
    const hostile = await rawClient(server.address)
    let working = true
    const work = (async () => {
      let done = 0
      for (; working; done++) {
        await database.put(`k${done % 100}`, done)
        expect(await database.get(`k${done % 100}`)).toBe(done)
      }
      return done
    })()
    const write = packWrites({ keys: ['hostile'], values: [Buffer.of(1)] })
    const good = encode([1, 1, ['batch', 'default', write, Buffer.of(), false]])
    for (let i = 0; i < 2_000; i++) {
      const frames = [
        [randomBytes(i % 60)],
        [good.subarray(0, i % good.byteLength)],
        [randomBytes(20), randomBytes(20), randomBytes(20)],
        [encode([1, i, ['get', 'default', i]])],
      ][i % 4]
      if (frames !== undefined) await hostile.send(frames)
    }
    await hostile.send(Buffer.alloc(65 * 1024 * 1024))
    await until(() => server.stats().malformed > 500, 'the messages are read')
    working = false
    expect(await work).toBeGreaterThan(0)
    expect(await database.exists('hostile')).toBe(false)
  })
})
