import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { cleanup, open, until } from './support.ts'

const VALUE = Buffer.alloc(1024 * 1024, 1)
const VALUES = 20
const MEGABYTE = 1024 * 1024

describe('a client that is stopped while it has many answers to come', () => {
  it('is dropped, costs bounded memory, harms nobody, and works again when it goes on', {
    timeout: 120_000,
  }, async () => {
    const { server, database } = await open()
    for (let index = 0; index < VALUES; index++) await database.put(`big:${index}`, VALUE, { raw: true })
    const before = process.memoryUsage.rss()
    const child = fork(fileURLToPath(new URL('./fixtures/stalling-client.mjs', import.meta.url)), [server.address])
    const exited = once(child, 'exit')
    cleanup(async () => {
      child.kill('SIGKILL')
      await exited
    })
    // It asks for 200 MB, and then stops before it reads any of it.
    await once(child, 'message')
    // After 5 s, or after 30 when it had asked in parts, so that less was answered before the window was full.
    const dropped = async () => {
      await database.put('small', 1)
      expect(await database.get('small', { timeout: 5_000 })).toBe(1)
      return server.stats().dropped === 1
    }
    await until(dropped, 'the client is dropped', 60_000)
    expect(server.stats().ranges).toBe(0)
    expect((process.memoryUsage.rss() - before) / MEGABYTE).toBeLessThan(400)
    child.kill('SIGCONT')
    expect(await once(child, 'message')).toEqual([{ type: 'works again' }, undefined])
  })
})
