import { createRequester } from '@onitu/escalator/messaging'
import { keys } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DriverError, ServiceError } from '../src/errors.ts'
import { Hub } from './support/hub.ts'

let hub: Hub
beforeEach(async () => {
  hub = await Hub.start({ S: {} })
})
afterEach(() => hub.close())

/** Resolves `reached` when the handler is called for the path, which then waits for `go`. */
function gate(handler: string, path: string) {
  let go: () => void = () => undefined
  let reach: () => void = () => undefined
  const open = new Promise<void>((resolve) => {
    go = resolve
  })
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const before = async (called: string, at: string) => {
    if (called !== handler || at !== path) return
    reach()
    await open
  }
  return { before, reached, go: () => go() }
}

async function observations(): Promise<string[]> {
  const all = await hub.outbox('S')
  return all.map((one) => `${one.type} ${one.type === 'moved' ? `${one.from.path} > ` : ''}${one.path}`)
}

describe('reports of a file', () => {
  it('wait for one before them that was held up by an order, and whose content is read then', async () => {
    const service = await hub.run('S')
    await service.plug.report([{ type: 'updated', ...service.files.put('a', 'one') }])
    await hub.accept(service, 'a')
    await hub.done('S')
    const { before, reached, go } = gate('setAttributes', 'a')
    service.files.before = before
    await hub.order('S', hub.head('a', { ...(await hub.record('S', 'a')), mtime: 5000 }, 'S'), { attributes: true })
    await reached
    // Another token than the one known: only reading shows what the content is.
    const first = service.plug.moveFile({ folder: 'docs', path: 'a' }, service.files.put('b', 'two'))
    const second = service.plug.deleteFile('docs', 'b')
    go()
    await Promise.all([first, second])
    expect(await observations()).toEqual(['moved a > b', 'deleted b'])
  })

  it('tell that the old place of a move is empty, also when the new place has changed before it was read', async () => {
    const service = await hub.run('S')
    await service.plug.report([{ type: 'updated', ...service.files.put('a', 'one') }])
    const seen = service.files.put('b', 'two')
    service.files.put('b', 'three')
    await service.plug.moveFile({ folder: 'docs', path: 'a' }, seen)
    await service.plug.report([{ type: 'updated', ...service.files.seen('b') }])
    expect(await observations()).toEqual(['updated a', 'deleted a', 'updated b'])
  })
})

describe('the report of a file in the place of a directory', () => {
  it('tells that the directory is gone, also when the file is gone before it was read', async () => {
    const service = await hub.run('S')
    await service.plug.report([{ type: 'updated', ...service.files.mkdir('d') }])
    await hub.accept(service, 'd')
    await hub.done('S')
    await hub.emptyOutbox('S')
    service.files.entries.delete('d')
    const seen = service.files.put('d', 'x')
    service.files.entries.delete('d')
    await service.plug.report([{ type: 'updated', ...seen }])
    expect(await observations()).toEqual(['deleted d'])
  })
})

describe('reports of small files', () => {
  it('do not wait until large ones are read, however many and however slow they are', async () => {
    const service = await hub.run('S')
    let go: () => void = () => undefined
    const slow = new Promise<void>((resolve) => {
      go = resolve
    })
    service.files.before = async (called, path) => {
      if (called === 'getChunk' && path.startsWith('large')) await slow
    }
    const content = Buffer.alloc(9 * 1024 * 1024)
    const names = ['large 1', 'large 2', 'large 3']
    const large = service.plug.report(names.map((name) => ({ type: 'updated', ...service.files.put(name, content) })))
    const small = service.plug.report([{ type: 'updated', ...service.files.put('small', 'content') }])
    await hub.until(async () => (await observations()).length > 0)
    expect(await observations()).toEqual(['updated small'])
    go()
    await Promise.all([large, small])
    expect(await observations()).toHaveLength(4)
  })
})

describe('a directory that a user deleted', () => {
  it('is not made again before all that was told of what was in it is decided', async () => {
    const service = await hub.run('S')
    const directory = service.files.mkdir('d')
    await service.plug.report([
      { type: 'updated', ...directory },
      { type: 'updated', ...service.files.put('d/f', 'x') },
    ])
    await hub.accept(service, 'd')
    await hub.accept(service, 'd/f')
    await hub.done('S')
    service.files.entries.delete('d/f')
    service.files.entries.delete('d')
    // The file is held up by an order on it.
    const { before, reached, go } = gate('setAttributes', 'd/f')
    service.files.before = before
    const file = await hub.record('S', 'd/f')
    await hub.order('S', hub.head('d/f', { ...file, mtime: 5000, deleted: false }, 'S'), { attributes: true })
    await reached
    const held = service.plug.deleteFile('docs', 'd/f')
    await service.plug.deleteFile('docs', 'd')
    expect(await observations()).toEqual(['deleted d'])
    await hub.emptyOutbox('S')
    const back = hub.head('d', (await hub.record('S', 'd')) ?? {}, 'S')
    await hub.order('S', back)
    go()
    await held
    expect(await observations()).toEqual(['deleted d/f'])
    expect(service.files.calls.filter((call) => call.startsWith('createDirectory'))).toEqual([])
    // The Referee decides, and something else in it lives on.
    await hub.emptyOutbox('S')
    hub.wake('S', back.fid)
    await hub.until(async () => service.files.entries.has('d'))
  })
})

describe('a file of which a read gives too little', () => {
  it('is read again, and told of', async () => {
    let reads = 0
    const service = await hub.run('S', {
      handlers: { getFile: async () => Buffer.from('content'.slice(0, reads++ === 0 ? 3 : undefined)) },
    })
    await service.plug.report([{ type: 'updated', ...service.files.put('a', 'content') }])
    await hub.until(async () => (await observations()).length > 0)
    expect(await observations()).toEqual(['updated a'])
  })
})

/** As `onitu wait` asks each service. */
async function catchUp(): Promise<void> {
  const address = await hub.db.get<string>(keys.port('plug:S'))
  const requester = createRequester({ address })
  try {
    await requester.request({ type: 'catchUp' })
  } finally {
    await requester.close()
  }
}

describe('a file that could not be read', () => {
  it('is read at once when everything is to be known that has changed', async () => {
    const service = await hub.run('S')
    let isCut = true
    service.files.before = async (handler) => {
      if (handler === 'getFile' && isCut) throw new ServiceError('CONNECTION_LOST', 'The connection was lost')
    }
    await service.plug.report([{ type: 'updated', ...service.files.put('a', 'content') }])
    // By itself it would be read a second later.
    await hub.event('file_problem', 'S')
    expect(await observations()).toEqual([])
    isCut = false
    await catchUp()
    expect(await observations()).toEqual(['updated a'])
  })

  it('keeps nobody waiting where it still cannot be read', async () => {
    const service = await hub.run('S')
    service.files.before = async (handler) => {
      if (handler === 'getFile') throw new DriverError('EACCES', 'Nobody may read it')
    }
    await service.plug.report([{ type: 'updated', ...service.files.put('a', 'content') }])
    await hub.event('file_problem', 'S')
    await catchUp()
    await hub.until(async () => hub.eventsOf('file_problem', 'S').length === 2)
    expect(await observations()).toEqual([])
  })
})

describe('a file that was moved away before it could be read', () => {
  it('is told of when it is back and the driver has not seen that', async () => {
    const service = await hub.run('S')
    const seen = service.files.put('a', 'content')
    const entry = service.files.get('a')
    service.files.entries.delete('a')
    await service.plug.report([{ type: 'updated', ...seen }])
    expect(await observations()).toEqual([])
    service.files.entries.set('a', entry)
    await catchUp()
    await hub.until(async () => (await observations()).length > 0)
    expect(await observations()).toEqual(['updated a'])
    expect(hub.eventsOf('file_problem', 'S')).toEqual([])
  })

  it('is told of also where it has taken the place of a directory', async () => {
    const service = await hub.run('S')
    await service.plug.report([{ type: 'updated', ...service.files.mkdir('a') }])
    await hub.accept(service, 'a')
    await hub.done('S')
    const seen = service.files.put('a', 'content')
    const entry = service.files.get('a')
    service.files.entries.delete('a')
    await service.plug.report([{ type: 'updated', ...seen }])
    expect(await observations()).toEqual(['deleted a'])
    await hub.emptyOutbox('S')
    service.files.entries.set('a', entry)
    await catchUp()
    await hub.until(async () => (await observations()).length > 0)
    expect(await observations()).toEqual(['updated a'])
  })

  it('is not read any more where it has gone elsewhere', async () => {
    const service = await hub.run('S')
    const seen = service.files.put('a', 'content')
    service.files.entries.delete('a')
    await service.plug.report([{ type: 'updated', ...seen }])
    const from = { folder: 'docs', path: 'a' }
    await service.plug.report([{ type: 'moved', from, ...service.files.put('b', 'content') }])
    const reads = () => service.files.calls.filter((call) => call.startsWith('getFile a')).length
    const before = reads()
    expect(before).toBeGreaterThan(0)
    await catchUp()
    await service.plug.report([{ type: 'updated', ...service.files.put('c', 'more') }])
    expect(reads()).toBe(before)
    expect(await observations()).toEqual(['updated b', 'updated c'])
  })
})
