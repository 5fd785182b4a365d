import { rm, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { startServer } from '../src/server/start-server.ts'
import { cleanup, client, forkServer, serve, temporaryDirectory, until } from './support.ts'

describe('a server process', () => {
  it('is ready, serves, and ends gently when asked', async () => {
    const directory = await temporaryDirectory()
    const configuration = { type: 'start', address: `ipc://${directory}/socket`, directory: `${directory}/data` }
    const server = await forkServer(configuration)
    expect(server.answer).toEqual({ type: 'ready' })
    const database = await client(configuration.address)
    await database.put('a', 1)
    server.child.kill('SIGINT')
    expect(await database.get('a')).toBe(1)
    server.child.send({ type: 'stop' })
    expect(await server.exited).toEqual([0, null])
  })

  it.each(['SIGTERM', 'disconnect'])('ends gently on %s', async (how) => {
    const directory = await temporaryDirectory()
    const server = await forkServer({ type: 'start', address: `ipc://${directory}/socket`, directory })
    if (how === 'disconnect') server.child.disconnect()
    else server.child.kill('SIGTERM')
    expect(await server.exited).toEqual([0, null])
  })

  it('says that its configuration is wrong', async () => {
    const server = await forkServer({ type: 'start', address: 5 })
    expect(server.answer).toMatchObject({
      type: 'failed',
      configuration: true,
      error: { code: 'INVALID_CONFIGURATION' },
    })
    expect(await server.exited).toEqual([1, null])
  })

  it('says that a database is damaged', async () => {
    const directory = await temporaryDirectory()
    const first = await startServer({ address: `ipc://${directory}/socket`, directory: `${directory}/data` })
    const database = await client(first.address)
    await database.put('a', 1)
    await database.close()
    await first.close()
    await writeFile(`${directory}/data/default/CURRENT`, 'nonsense\n')
    const server = await forkServer({
      type: 'start',
      address: `ipc://${directory}/socket`,
      directory: `${directory}/data`,
    })
    expect(server.answer).toMatchObject({ type: 'failed', configuration: false, error: { code: 'DATABASE_CORRUPTED' } })
  })

  it('loses no acknowledged write when it is killed, and clients go on with the next one', async () => {
    const directory = await temporaryDirectory()
    const configuration = { type: 'start', address: `ipc://${directory}/socket`, directory: `${directory}/data` }
    let server = await forkServer(configuration)
    const database = await client(configuration.address, { timeout: 30_000 })
    const acknowledged: string[] = []
    const unknown: string[] = []
    let writing = true
    const writer = async (name: string) => {
      for (let i = 0; writing; i++) {
        const key = `${name}:${i}`
        try {
          await database.put(key, i)
          acknowledged.push(key)
        } catch (error) {
          expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: true })
          unknown.push(key)
        }
      }
    }
    const reader = async () => {
      while (writing) await database.get('absent', { default: null })
    }
    const work = Promise.all([writer('a'), writer('b'), writer('c'), reader(), reader()])
    for (let round = 1; round <= 3; round++) {
      const goal = acknowledged.length + 200
      await until(() => acknowledged.length > goal, 'writes are acknowledged')
      server.child.kill('SIGKILL')
      await server.exited
      server = await forkServer(configuration)
      expect(server.answer).toEqual({ type: 'ready' })
    }
    const goal = acknowledged.length + 100
    await until(() => acknowledged.length > goal, 'writes are acknowledged again')
    writing = false
    await work
    const values = await database.getMany(acknowledged)
    expect(values.filter((value) => value === undefined)).toEqual([])
    expect(unknown.length).toBeLessThanOrEqual(9)
  })

  it('waits for its predecessor to let go of the database', async () => {
    const directory = await temporaryDirectory()
    const first = await serve({ directory })
    const database = await client(first.address)
    await database.put('a', 1)
    const second = startServer({ address: `ipc://${directory}/second`, directory })
    await database.put('a', 2)
    await first.close()
    const successor = await second
    cleanup(() => successor.close())
    const again = await client(successor.address)
    expect(await again.get('a')).toBe(2)
  })
})

describe('without a server', () => {
  it('connecting fails at its deadline', async () => {
    const directory = await temporaryDirectory()
    const attempt = client(`ipc://${directory}/nobody`, { timeout: 200 })
    await expect(attempt).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT', retryable: true, details: { sent: false } })
  })

  it('calls fail at their deadline, and a write that never left has not happened', async () => {
    const server = await serve()
    const database = await client(server.address, { timeout: 300 })
    await server.close()
    await expect(database.get('a')).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
    await expect(database.put('a', 1)).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT', details: { sent: false } })
    await expect(database.range().all()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
  })

  it('calls wait for the next one', async () => {
    const directory = await temporaryDirectory()
    const first = await serve({ directory })
    const database = await client(first.address)
    await database.put('a', 1)
    await first.close()
    // Until the client has noticed, a write may be lost on its way, and then its outcome is unknown.
    await expect(database.get('a', { timeout: 100 })).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
    const waiting = [database.get('a'), database.put('b', 2), database.keys().all()]
    await serve({ directory })
    expect(await Promise.all(waiting)).toEqual([1, undefined, ['a', 'b']])
  })

  it('a frozen one is not waited for longer than the deadline', async () => {
    const directory = await temporaryDirectory()
    const configuration = { type: 'start', address: `ipc://${directory}/socket`, directory: `${directory}/data` }
    const server = await forkServer(configuration)
    const database = await client(configuration.address)
    server.child.kill('SIGSTOP')
    await expect(database.get('a', { timeout: 200 })).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
    await expect(database.put('a', 1, { timeout: 200 })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    const clear = database.prefixed('b').clear({ timeout: 200 })
    await expect(clear).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: true })
    server.child.kill('SIGCONT')
    expect(await database.get('a')).toBe(1)
  })

  it('a database whose directory was removed is not made anew by a read', async () => {
    const directory = await temporaryDirectory()
    const first = await serve({ directory })
    const database = await client(first.address)
    await first.close()
    await rm(`${directory}/default`, { recursive: true })
    await serve({ directory })
    await expect(database.get('a')).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' })
  })
})
