import { readFile } from 'node:fs/promises'
import { decode, encode } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { Dealer } from 'zeromq'
import { cleanup, serve } from './support.ts'

/*
 * A client made from nothing but PROTOCOL.md: a socket, msgpack, and the layouts described there. It must not use
 * anything of this package's own client.
 */
async function minimalClient() {
  const server = await serve()
  const socket = new Dealer({ linger: 0, receiveTimeout: 10_000 })
  cleanup(() => socket.close())
  socket.connect(server.address)
  let id = 0
  let unreported = 0
  return {
    socket,
    async ask(...body: unknown[]): Promise<{ ok: unknown; body: unknown; frames: Buffer[] }> {
      await socket.send(encode([1, ++id, body]))
      const [head = Buffer.alloc(0), ...frames] = await socket.receive()
      for (const { byteLength } of [head, ...frames]) unreported += byteLength
      if (unreported >= 1024 * 1024) {
        await socket.send(encode([1, 0, unreported]))
        unreported = 0
      }
      const [format, answered, ok, answer] = decode(head) as unknown[]
      expect([format, answered]).toEqual([1, id])
      return { ok, body: answer, frames }
    },
  }
}

function list(entries: readonly (readonly [key: string, value: string | null])[]): Buffer {
  const parts = entries.flatMap(([key, value]) => {
    const lengths = Buffer.alloc(8)
    lengths.writeUInt32LE(Buffer.byteLength(key), 0)
    lengths.writeUInt32LE(value === null ? 0xffff_ffff : Buffer.byteLength(value), 4)
    return [lengths, Buffer.from(key), Buffer.from(value ?? '')]
  })
  return Buffer.concat(parts)
}

function readPage(page: Buffer): [string, string][] {
  expect(page.readUInt32LE(0)).toBe(3)
  const count = page.readUInt32LE(4)
  const end = (column: number, index: number) => (index < 0 ? 0 : page.readUInt32LE(8 + column * 4 * count + index * 4))
  const keysAt = 8 + 8 * count
  const valuesAt = keysAt + end(0, count - 1)
  return Array.from({ length: count }, (_, i) => [
    page.subarray(keysAt + end(0, i - 1), keysAt + end(0, i)).toString(),
    page.subarray(valuesAt + end(1, i - 1), valuesAt + end(1, i)).toString(),
  ])
}

/** The page of an answer, wherever it is. */
function pageOf({ body, frames }: { body: unknown; frames: Buffer[] }) {
  const [done, inline] = body as [boolean, Buffer | undefined]
  return { done, entries: readPage(inline ?? frames[0] ?? Buffer.alloc(0)) }
}

describe('PROTOCOL.md', () => {
  it('shows the bytes that a server takes and gives', async () => {
    const text = await readFile(new URL('../PROTOCOL.md', import.meta.url), 'utf8')
    const examples = [...text.matchAll(/^([<>]) ((?:[0-9a-f]{2} ?)+)$/gm)]
    expect(examples).toHaveLength(9)
    const { socket } = await minimalClient()
    for (const [, direction, hex = ''] of examples) {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
      if (direction === '>') await socket.send(bytes)
      else expect((await socket.receive()).map((frame) => frame.toString('hex'))).toEqual([bytes.toString('hex')])
    }
  })

  it('is enough to write conditionally', async () => {
    const { ask } = await minimalClient()
    await ask('open', 'default', true)
    const write = (conditions: Buffer) =>
      ask(
        'batch',
        'default',
        list([
          ['b', '2'],
          ['c', null],
        ]),
        conditions,
        true,
      )
    expect(
      (
        await ask(
          'batch',
          'default',
          list([
            ['a', '1'],
            ['c', '3'],
          ]),
          list([]),
          false,
        )
      ).body,
    ).toBe(null)
    expect(
      (
        await write(
          list([
            ['a', '1'],
            ['b', 'other'],
          ]),
        )
      ).body,
    ).toBe(1)
    expect((await ask('existMany', 'default', ['a', 'b', 'c'])).body).toEqual([true, false, true])
    expect(
      (
        await write(
          list([
            ['a', '1'],
            ['b', null],
          ]),
        )
      ).body,
    ).toBe(null)
    const { body } = await ask('getMany', 'default', ['a', Buffer.from('b'), 'c'])
    expect(body).toEqual([Buffer.from('1'), Buffer.from('2'), null])
  })

  it('is enough to read ranges of many pages, from a snapshot, and to clear', async () => {
    const { ask } = await minimalClient()
    await ask('open', 'default', true)
    const all = Array.from({ length: 5_000 }, (_, i): [string, string] => [`k${10_000 + i}`, 'x'.repeat(i % 200)])
    await ask('batch', 'default', list(all), list([]), false)
    expect((await ask('snapshot', 'default', 1)).body).toBe(null)
    expect((await ask('clear', 'default', { gte: 'k12000' }, null, false)).body).toBe(3_000)
    const read = async (number: number, snapshot: number | null) => {
      let page = pageOf(await ask('range', 'default', { gt: 'k10000', lte: 'k13000' }, number, snapshot))
      const entries = page.entries
      while (!page.done) {
        page = pageOf(await ask('page', number))
        entries.push(...page.entries)
      }
      return entries
    }
    expect(await read(1, null)).toEqual(all.slice(1, 2_000))
    expect(await read(2, 1)).toEqual(all.slice(1, 3_001))
    expect((await ask('endSnapshot', 1)).body).toBe(null)
    const gone = await ask('get', 'default', 'k10000', 1)
    expect(gone).toMatchObject({ ok: false, body: { code: 'SNAPSHOT_GONE', message: expect.any(String), details: {} } })
  })

  it('is enough to move a range, and to end it', async () => {
    const { ask } = await minimalClient()
    await ask('open', 'default', true)
    await ask(
      'batch',
      'default',
      list([
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ]),
      list([]),
      false,
    )
    expect(pageOf(await ask('range', 'default', { reverse: true, limit: 1, seekable: true }, 5)).entries).toEqual([
      ['c', '3'],
    ])
    expect((await ask('seek', 5, 'b')).ok).toBe(true)
    expect((await ask('endRange', 5)).body).toBe(null)
    expect(await ask('page', 5)).toMatchObject({
      ok: false,
      body: { code: 'RANGE_GONE', retryable: expect.any(Boolean) },
    })
  })

  it('is enough to read more than the server sends without receipts', async () => {
    const { ask } = await minimalClient()
    await ask('open', 'default', true)
    const value = 'x'.repeat(1024 * 1024)
    await ask('batch', 'default', list([['a', value]]), list([]), false)
    for (let read = 0; read < 40; read++) expect((await ask('get', 'default', 'a')).body).toHaveLength(value.length)
  })

  it('is enough to watch, and to go on from a position', async () => {
    const { ask } = await minimalClient()
    await ask('open', 'default', true)
    const watch = async (position: unknown, waitMs: number) => {
      const { body } = await ask('watch', 'default', 'user:', position, waitMs)
      const [epoch, n, lost, numbers, changes] = body as [string, number, boolean, number[], Buffer]
      return { epoch, n, lost, numbers, changes: changes.toString('latin1') }
    }
    const { epoch, n, lost } = await watch(null, 0)
    expect(lost).toBe(true)
    const writes = [
      ['user:1', 'Ada'],
      ['other', 'x'],
      ['user:2', null],
    ] as const
    await ask('batch', 'default', list(writes), list([]), false)
    const first = await watch([epoch, n], 60_000)
    expect(first).toEqual({
      epoch,
      n: n + 3,
      lost: false,
      numbers: [n + 1, n + 3],
      changes: list([writes[0], writes[2]]).toString('latin1'),
    })
    expect(await watch([epoch, first.n], 1)).toMatchObject({ n: first.n, lost: false, numbers: [] })
    expect(await watch([epoch, n + 1], 0)).toMatchObject({ numbers: [n + 3] })
    expect(await watch(['another', n], 0)).toMatchObject({ lost: true, numbers: [] })
  })
})
