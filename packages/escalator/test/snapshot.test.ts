import { describe, expect, it } from 'vitest'
import { connect } from '../src/client/connect.ts'
import { client, open, serve, temporaryDirectory, until } from './support.ts'

describe('a snapshot', () => {
  it('keeps what was there, for every kind of read', async () => {
    const { server, database } = await open()
    await database.batch(['a', 'b', 'p:c'].map((key) => ({ type: 'put', key, value: `old ${key}` })))
    const snapshot = await database.snapshot()
    await database.batch([
      { type: 'put', key: 'a', value: 'new' },
      { type: 'delete', key: 'b' },
      { type: 'put', key: 'p:d', value: 'new' },
    ])
    expect(await snapshot.get('a')).toBe('old a')
    expect(await snapshot.get('p:d', { default: null })).toBeNull()
    expect(await snapshot.getMany(['b', 'x'])).toEqual(['old b', undefined])
    expect(await snapshot.exists('b')).toBe(true)
    expect(await snapshot.existMany(['p:c', 'p:d'])).toEqual([true, false])
    expect(await snapshot.keys().all()).toEqual(['a', 'b', 'p:c'])
    expect(await snapshot.prefixed('p:').range().all()).toEqual([['c', 'old p:c']])
    await using iterator = snapshot.iterator({ reverse: true })
    expect(await iterator.next()).toEqual(['p:c', 'old p:c'])
    expect(await database.keys().all()).toEqual(['a', 'p:c', 'p:d'])
    expect(server.stats().snapshots).toBe(1)
    await snapshot.close()
    await snapshot.close()
    expect(server.stats().snapshots).toBe(0)
    await expect(snapshot.get('a')).rejects.toMatchObject({ name: 'SnapshotGoneError', code: 'SNAPSHOT_GONE' })
  })

  it('is that of the call, in the order of the calls', async () => {
    const { database } = await open()
    const [, snapshot] = await Promise.all([database.put('a', 1), database.snapshot(), database.put('a', 2)])
    expect(await snapshot.get('a')).toBe(1)
    expect(await database.get('a')).toBe(2)
  })

  it('may be of a part', async () => {
    const { database } = await open()
    const part = database.prefixed('p:')
    await part.put('a', 1)
    const snapshot = await part.snapshot()
    await part.delete('a')
    expect(await snapshot.range().all()).toEqual([['a', 1]])
  })

  it('is freed when its client is gone, and cannot be used by another', async () => {
    const { server, database } = await open()
    const leaving = await connect({ address: server.address })
    await leaving.snapshot()
    await database.snapshot()
    expect(server.stats().snapshots).toBe(2)
    await leaving.close()
    await until(() => server.stats().snapshots === 1, 'the snapshot is freed')
  })

  it('is freed when nobody uses it any more', async () => {
    const server = await serve({ idleTimeout: 100 })
    const database = await client(server.address)
    const snapshot = await database.snapshot()
    await until(() => server.stats().snapshots === 0, 'the snapshot is freed')
    await expect(snapshot.keys().all()).rejects.toMatchObject({ code: 'SNAPSHOT_GONE' })
  })

  it('goes with its database when that is released, and so do ranges', async () => {
    const { server, database } = await open()
    await database.batch(Array.from({ length: 20_000 }, (_, i) => ({ type: 'put', key: `${i}`, value: i })))
    const snapshot = await database.snapshot()
    const iterator = database.iterator()
    await iterator.next()
    await database.release('default')
    await expect(snapshot.get('1')).rejects.toMatchObject({ code: 'SNAPSHOT_GONE' })
    await expect(snapshot.getMany(['1'])).rejects.toMatchObject({ code: 'SNAPSHOT_GONE' })
    await expect(snapshot.keys().all()).rejects.toMatchObject({ code: 'SNAPSHOT_GONE' })
    const rest = async () => {
      while ((await iterator.next()) !== undefined);
    }
    await expect(rest()).rejects.toMatchObject({ code: 'RANGE_INTERRUPTED' })
    expect(await database.get('1')).toBe(1)
    await snapshot.close()
    expect(server.stats()).toMatchObject({ ranges: 0, snapshots: 0 })
  })

  it('does not outlive its connection', async () => {
    const directory = await temporaryDirectory()
    const first = await serve({ directory })
    const database = await client(first.address)
    const snapshot = await database.snapshot()
    await first.close()
    await serve({ directory })
    await expect(snapshot.get('a')).rejects.toMatchObject({ code: 'SNAPSHOT_GONE' })
    expect(await database.exists('a')).toBe(false)
  })
})
