import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { client, open, serve } from './support.ts'

describe('a database over a socket', () => {
  it('tells whether a key exists', async () => {
    const { database } = await open()
    expect(await database.exists('a')).toBe(false)
    await database.put('a', 1)
    expect(await database.exists('a')).toBe(true)
  })

  it('fails to get an absent key, or gives the default', async () => {
    const { database } = await open()
    await expect(database.get('a')).rejects.toMatchObject({ code: 'KEY_NOT_FOUND', details: { key: 'a' } })
    expect(await database.get('a', { default: 'none' })).toBe('none')
    expect(await database.get('a', { default: undefined })).toBeUndefined()
    await database.put('a', 1)
    expect(await database.get('a', { default: 2 })).toBe(1)
  })

  it.each([5, 'text', true, null, 1.5, [1, 'a'], { a: { b: 1 } }])('gives %j back as it was', async (value) => {
    const { database } = await open()
    await database.put('a', value)
    expect(await database.get('a')).toEqual(value)
  })

  it('stores and gives raw bytes', async () => {
    const { database } = await open()
    const bytes = new Uint8Array(randomBytes(1000))
    await database.put('a', bytes, { raw: true })
    expect(await database.get('a', { raw: true })).toEqual(bytes)
    await database.put('b', 7)
    expect(await database.get('b', { raw: true })).toEqual(Uint8Array.of(7))
    expect(await database.getMany(['a', 'x'], { raw: true })).toEqual([bytes, undefined])
  })

  it('deletes', async () => {
    const { database } = await open()
    await database.put('a', 1)
    await database.delete('a')
    expect(await database.exists('a')).toBe(false)
    await database.delete('a')
  })

  it('gets many keys in their order', async () => {
    const { database } = await open()
    await database.batch(['a', 'b'].map((key) => ({ type: 'put', key, value: key })))
    expect(await database.getMany(['b', 'x', 'a', 'b'])).toEqual(['b', undefined, 'a', 'b'])
    expect(await database.getMany([])).toEqual([])
  })

  it('takes effect in the order of the calls', async () => {
    const { database } = await open()
    const calls = [
      database.put('a', 1),
      database.get('a'),
      database.put('a', 2),
      database.range().all(),
      database.delete('a'),
      database.keys().all(),
      database.exists('a'),
    ]
    expect(await Promise.all(calls)).toEqual([undefined, 1, undefined, [['a', 2]], undefined, [], false])
  })

  it('answers thousands of calls that were made at once', async () => {
    const { database } = await open()
    await Promise.all(Array.from({ length: 5000 }, (_, i) => database.put(`k${i}`, i, { sync: i % 1000 === 0 })))
    const values = await Promise.all(Array.from({ length: 5000 }, (_, i) => database.get(`k${i}`)))
    expect(values).toEqual(Array.from({ length: 5000 }, (_, i) => i))
  })

  it('creates a database once, and uses it again after the server has released it', async () => {
    const { database } = await open()
    const made = await database.create('made')
    await made.put('key', 1)
    await expect(database.create('made')).rejects.toMatchObject({ code: 'DATABASE_EXISTS' })
    await database.release('made')
    expect(await made.get('key')).toBe(1)
  })

  it('keeps databases and prefixes apart', async () => {
    const { server, database } = await open()
    const other = await database.database('other')
    const part = database.prefixed('p:')
    await Promise.all([database.put('a', 1), other.put('a', 2), part.put('a', 3), part.prefixed('q:').put('a', 4)])
    expect(await database.range().all()).toEqual([
      ['a', 1],
      ['p:a', 3],
      ['p:q:a', 4],
    ])
    expect(await other.range().all()).toEqual([['a', 2]])
    expect(await part.keys().all()).toEqual(['a', 'q:a'])
    expect(await part.get('a')).toBe(3)
    const connected = await client(server.address, { prefix: 'p:q:' })
    expect(await connected.range().all()).toEqual([['a', 4]])
    await expect(part.get('x')).rejects.toMatchObject({ details: { key: 'x' } })
  })

  it('does not make a database that is only to be connected to', async () => {
    const server = await serve()
    const missing = client(server.address, { database: 'missing', create: false })
    await expect(missing).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' })
  })

  it.each(['../outside', 'a/b', '', '.', 'a:b'])('refuses the database name %j', async (name) => {
    const server = await serve()
    await expect(client(server.address, { database: name })).rejects.toMatchObject({ code: 'INVALID_NAME' })
  })

  it('refuses what would not come back', async () => {
    const { database } = await open()
    await expect(database.put('a', new Date())).rejects.toThrow(TypeError)
    await expect(database.put('a', { when: new Date() })).rejects.toThrow(TypeError)
    await expect(database.put('a', () => 1)).rejects.toThrow(TypeError)
    await expect(database.put('a', 'text', { raw: true })).rejects.toThrow(TypeError)
    await expect(database.put('\ud800', 1)).rejects.toThrow(TypeError)
    expect(await database.keys().all()).toEqual([])
  })

  it('refuses keys, values and requests beyond the limits of the server, alone, and writes nothing of them', async () => {
    const server = await serve({ limits: { key: 10, value: 1_000, request: 5_000 } })
    const database = await client(server.address)
    const [fits, value, key, request, after] = await Promise.allSettled([
      database.put('fits', Buffer.alloc(1_000), { raw: true }),
      database.batch([
        { type: 'put', key: 'a', value: 1 },
        { type: 'put', key: 'b', value: Buffer.alloc(1_001), raw: true },
      ]),
      database.put('eleven char', 1),
      database.batch(Array.from({ length: 10 }, (_, i) => ({ type: 'put', key: `c${i}`, value: 'x'.repeat(900) }))),
      database.put('after', 1),
    ])
    expect(fits.status).toBe('fulfilled')
    expect(value).toMatchObject({ reason: { code: 'VALUE_TOO_LARGE', details: { size: 1_001, limit: 1_000 } } })
    expect(key).toMatchObject({ reason: { code: 'KEY_TOO_LARGE', retryable: false } })
    expect(request).toMatchObject({ reason: { code: 'REQUEST_TOO_LARGE', details: { limit: 5_000 } } })
    expect(after.status).toBe('fulfilled')
    await expect(database.getMany(Array.from({ length: 1_000 }, (_, i) => `${i}`))).resolves.toHaveLength(1_000)
    await expect(database.getMany(Array.from({ length: 2_000 }, (_, i) => `${i}`))).rejects.toMatchObject({
      code: 'REQUEST_TOO_LARGE',
    })
    expect(await database.keys().all()).toEqual(['after', 'fits'])
  })

  it.each([{ limits: { value: 0 } }, { watchLog: -1 }, { maxOpenFiles: 10 }])(
    'is not served with %j',
    async (options) => {
      await expect(serve(options)).rejects.toThrow(TypeError)
    },
  )

  it('stores 40 MiB, and refuses more than a message holds', async () => {
    const { database } = await open()
    await database.put('large', Buffer.alloc(40 * 1024 * 1024, 1), { raw: true })
    expect((await database.get<Uint8Array>('large', { raw: true })).byteLength).toBe(40 * 1024 * 1024)
    const tooLarge = database.put('larger', Buffer.alloc(65 * 1024 * 1024), { raw: true })
    await expect(tooLarge).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
    expect(await database.keys().all()).toEqual(['large'])
  })
})

describe('a batch', () => {
  it('shows its puts and deletes only when its scope ends', async () => {
    const { database } = await open()
    await database.put('b', 1)
    const result = await database.writeBatch(async (batch) => {
      batch.put('a', 1).delete('b')
      expect(await database.keys().all()).toEqual(['b'])
      return 'done'
    })
    expect(result).toBe('done')
    expect(await database.keys().all()).toEqual(['a'])
  })

  it('after a throw writes what was collected, or nothing in transaction mode', async () => {
    const { database } = await open()
    const failing = (key: string, transaction: boolean) =>
      database.writeBatch(
        (batch) => {
          batch.put(key, 1)
          throw new Error('on the way')
        },
        { transaction },
      )
    await expect(failing('kept', false)).rejects.toThrow('on the way')
    await expect(failing('lost', true)).rejects.toThrow('on the way')
    expect(await database.keys().all()).toEqual(['kept'])
  })

  it('writes only when all its conditions hold', async () => {
    const { database } = await open()
    await database.put('a', { version: 1 })
    const next = [{ type: 'put', key: 'a', value: { version: 2 } }] as const
    const conditions = [
      { key: 'a', equals: { version: 1 } },
      { key: 'b', absent: true },
    ] as const
    await database.batch(next, { conditions })
    expect(await database.get('a')).toEqual({ version: 2 })
    const again = database.prefixed('').batch(next, { conditions })
    await expect(again).rejects.toMatchObject({ name: 'ConditionFailedError', details: { key: 'a', index: 0 } })
  })

  it('lets one of several clients win each round of a race', async () => {
    const { server, database } = await open()
    await database.put('counter', 0)
    const increment = async () => {
      const mine = await client(server.address)
      for (let done = 0; done < 50; ) {
        const value = await mine.get<number>('counter')
        try {
          const operations = [
            { type: 'put', key: 'counter', value: value + 1 },
            { type: 'put', key: `step:${value}`, value },
          ] as const
          await mine.batch(operations, { conditions: [{ key: 'counter', equals: value }] })
          done++
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONDITION_FAILED' })
        }
      }
    }
    await Promise.all([increment(), increment(), increment(), increment()])
    expect(await database.get('counter')).toBe(200)
    expect(await database.keys({ prefix: 'step:' }).all()).toHaveLength(200)
  })
})

describe('a closed client', () => {
  it('fails calls that wait and all later ones, and may be closed twice', async () => {
    const { database } = await open()
    const waiting = expect(database.get('a', { default: 1 })).rejects.toMatchObject({ code: 'ESCALATOR_CLOSED' })
    await Promise.all([database.close(), database.close()])
    await database.close()
    await waiting
    const closed = { code: 'ESCALATOR_CLOSED', name: 'EscalatorClosedError' }
    await expect(database.get('a')).rejects.toMatchObject(closed)
    await expect(database.put('a', 1)).rejects.toMatchObject(closed)
    await expect(database.range().all()).rejects.toMatchObject(closed)
    await expect(database.prefixed('x').exists('a')).rejects.toMatchObject(closed)
  })
})

describe('a call', () => {
  it('is given up by its signal', async () => {
    const { database } = await open()
    await expect(database.get('a', { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    const controller = new AbortController()
    const given = expect(database.get('a', { signal: controller.signal })).rejects.toThrow('enough')
    controller.abort(new Error('enough'))
    await given
  })
})
