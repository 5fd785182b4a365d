import { fileId, keys } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Hub } from './support/hub.ts'

let hub: Hub
beforeEach(async () => {
  hub = await Hub.start({ left: { velocity: 0.9 }, right: { velocity: 0.5 }, third: { velocity: 0.1 } })
})
afterEach(() => hub.close())

describe('a change', () => {
  it('is in the outbox when the report resolves, with what the driver did not say read through it', async () => {
    const left = await hub.run('left')
    await left.plug.updateFile(left.files.put('a.txt', 'hello'))
    expect(await hub.outbox('left')).toMatchObject([{ type: 'updated', path: 'a.txt', base: 0, size: 5, hash: left.files.hash('a.txt') }])
  })

  it('that is known already is not reported again', async () => {
    const left = await hub.run('left')
    const seen = left.files.put('a.txt', 'hello')
    await left.plug.updateFile(seen)
    await left.plug.updateFile(seen)
    await left.plug.report([{ ...seen, type: 'updated' }, { type: 'deleted', folder: 'docs', path: 'never' }])
    expect(await hub.outbox('left')).toHaveLength(1)
  })
})

describe('an order', () => {
  it('for a file that this service made only adopts the version', async () => {
    const left = await hub.run('left')
    await left.plug.updateFile(left.files.put('a.txt', 'hello'))
    const head = await hub.accept(left, 'a.txt')
    await hub.done('left')
    expect(await hub.record('left', 'a.txt')).toMatchObject({ version: head.version, reported: 0 })
    expect(left.files.calls).toEqual(['getFile a.txt'])
  })

  it('for a file that another service made fetches it', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await left.plug.updateFile(left.files.put('a.txt', 'hello'))
    const head = await hub.accept(left, 'a.txt')
    await hub.order('right', head)
    await hub.done('right')
    expect(right.files.text('a.txt')).toBe('hello')
    expect(await hub.record('right', 'a.txt')).toMatchObject({ version: head.version, hash: head.hash, mtime: 1000 })
    await hub.event('transfer_ended', 'right')
  })
})
