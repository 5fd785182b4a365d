import { fileId, HASH_BLOCK_SIZE, type Head, keys } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChangedError, ServiceError } from '../src/errors.ts'
import type { Plug } from '../src/plug.ts'
import { Hub, type TestService } from './support/hub.ts'

let hub: Hub
beforeEach(async () => {
  hub = await Hub.start({ left: { velocity: 0.9 }, right: { velocity: 0.5 }, third: { velocity: 0.1 } })
})
afterEach(() => hub.close())

describe('a change', () => {
  it('is in the outbox when the report resolves, with what the driver did not say read through it', async () => {
    const left = await hub.run('left')
    await left.plug.updateFile(left.files.put('a.txt', 'hello'))
    expect(await hub.outbox('left')).toMatchObject([
      { type: 'updated', path: 'a.txt', base: 0, size: 5, hash: left.files.hash('a.txt') },
    ])
  })

  it('that is known already is not reported again', async () => {
    const left = await hub.run('left')
    const seen = left.files.put('a.txt', 'hello')
    await left.plug.updateFile(seen)
    await left.plug.updateFile(seen)
    await left.plug.report([
      { ...seen, type: 'updated' },
      { type: 'deleted', folder: 'docs', path: 'never' },
    ])
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

describe('a file that an order makes', () => {
  it('is known to be there though one was moved away from its place meanwhile, which an attempt before had put there', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await left.plug.updateFile(left.files.put('a.txt', 'hello'))
    const from = { folder: 'docs', path: 'a.txt' }
    let told: Promise<void> | undefined
    right.files.before = async (handler) => {
      if (handler === 'uploadFile') told ??= right.plug.moveFile(from, right.files.put('b.txt', 'hello'))
    }
    const head = await hub.accept(left, 'a.txt')
    await hub.order('right', head)
    await hub.done('right')
    await told
    expect(await hub.record('right', 'a.txt')).toMatchObject({
      version: head.version,
      token: right.files.seen('a.txt').token,
    })
    expect(await hub.outbox('right')).toMatchObject([{ type: 'updated', path: 'b.txt' }])
  })
})

/** Makes a file in one service as if everybody had agreed on it, and gives the services that should have it. */
async function share(path: string, content: string | Uint8Array, from: TestService, to: readonly TestService[]) {
  await from.plug.updateFile(from.files.put(path, content))
  const head = await hub.accept(from, path)
  for (const { name } of to) await hub.order(name, head)
  for (const { name } of [from, ...to]) await hub.done(name)
  return head
}

const large = () =>
  Buffer.from(
    Array.from({ length: 40 }, (_, at) => String(at).repeat(HASH_BLOCK_SIZE).slice(0, HASH_BLOCK_SIZE)).join(''),
  ).subarray(0, 39 * HASH_BLOCK_SIZE + 77)

describe('what an order takes the place of', () => {
  it('is not reported when the driver tells of it a second time meanwhile', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await share('a.txt', 'old', left, [right])
    const old = { ...right.files.seen('a.txt'), hash: right.files.hash('a.txt') }
    let told: Promise<void> | undefined
    right.files.before = async (handler, path) => {
      // As a driver does that has read it again, since it may have changed under the same token.
      if (handler === 'uploadFile' && path === 'a.txt') told ??= right.plug.report([{ type: 'updated', ...old }])
    }
    await left.plug.updateFile(left.files.put('a.txt', 'new'))
    const head = await hub.accept(left, 'a.txt')
    await hub.order('right', head, { replaces: old.hash })
    await hub.done('right')
    await told
    expect(right.files.calls).toContain('uploadFile a.txt')
    expect(right.files.text('a.txt')).toBe('new')
    expect(await hub.outbox('right')).toEqual([])
    expect(await hub.record('right', 'a.txt')).toMatchObject({
      hash: head.hash,
      token: right.files.seen('a.txt').token,
    })
  })

  it.each(['setAttributes', 'deleteFile'])('nor where that is done by %s', async (wanted) => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await share('a.txt', 'old', left, [right])
    const old = { ...right.files.seen('a.txt'), hash: right.files.hash('a.txt') }
    let told: Promise<void> | undefined
    right.files.before = async (handler) => {
      if (handler === wanted) told ??= right.plug.report([{ type: 'updated', ...old }])
    }
    const record = await hub.record('right', 'a.txt')
    const isDeleted = wanted === 'deleteFile'
    const head = hub.head('a.txt', { ...record, mtime: 5000, deleted: isDeleted }, 'left')
    await hub.order('right', head, isDeleted ? { replaces: old.hash } : { attributes: true })
    await hub.done('right')
    expect(told).toBeDefined()
    await told
    expect(await hub.outbox('right')).toEqual([])
  })

  it('nor at the old place of a file that is renamed', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const old = await share('old', 'content', left, [right])
    const seen = { ...right.files.seen('old'), hash: right.files.hash('old') }
    let told: Promise<void> | undefined
    right.files.before = async (handler) => {
      if (handler === 'moveFile') told ??= right.plug.report([{ type: 'updated', ...seen }])
    }
    await hub.order('right', hub.head('new', { ...old, movedFrom: old.fid }, 'left'), { movedFrom: old.fid })
    await hub.done('right')
    expect(told).toBeDefined()
    await told
    expect([...right.files.entries.keys()]).toEqual(['new'])
    expect(await hub.outbox('right')).toEqual([])
    expect(await hub.record('right', 'old')).toMatchObject({ token: null })
  })

  it('nor does a move count that a user did just before, where the service writes whatever is there', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right', { capabilities: { conditionalWrite: false } })
    await share('a.txt', 'old', left, [right])
    const old = right.files.get('a.txt')
    let told: Promise<void> | undefined
    right.files.written = () => {
      right.files.entries.set('b.txt', old)
      told ??= right.plug.moveFile({ folder: 'docs', path: 'a.txt' }, right.files.seen('b.txt'))
    }
    await left.plug.updateFile(left.files.put('a.txt', 'new'))
    await hub.order('right', await hub.accept(left, 'a.txt'), { replaces: right.files.hash('a.txt') })
    await hub.done('right')
    expect(told).toBeDefined()
    await told
    expect(await hub.outbox('right')).toMatchObject([
      { type: 'updated', path: 'b.txt', hash: right.files.hash('b.txt') },
    ])
    expect(await hub.record('right', 'a.txt')).toMatchObject({ token: right.files.seen('a.txt').token })
  })

  it('is reported to be gone when a user deletes it meanwhile, also where that cannot be seen at once', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await share('a.txt', 'old', left, [right])
    let told: Promise<void> | undefined
    right.files.written = (path) => {
      right.files.entries.delete(path)
      told ??= right.plug.deleteFile('docs', path)
    }
    let isCut = true
    right.files.before = async (handler) => {
      if (handler === 'prove' && isCut) throw new ServiceError('CONNECTION_LOST', 'The connection was lost')
    }
    await left.plug.updateFile(left.files.put('a.txt', 'new'))
    const replaces = right.files.hash('a.txt')
    await hub.order('right', await hub.accept(left, 'a.txt'), { replaces })
    await hub.done('right')
    await told
    await hub.event('file_problem', 'right')
    expect(await hub.outbox('right')).toEqual([])
    isCut = false
    await hub.until(async () => (await hub.outbox('right')).length > 0)
    expect(await hub.outbox('right')).toMatchObject([{ type: 'deleted', path: 'a.txt' }])
  })

  it('is reported when a user puts something else there meanwhile', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await share('a.txt', 'old', left, [right])
    let told: Promise<void> | undefined
    right.files.written = (path) => {
      told ??= right.plug.report([{ type: 'updated', ...right.files.put(path, 'of a user') }])
    }
    const replaces = right.files.hash('a.txt')
    await left.plug.updateFile(left.files.put('a.txt', 'new'))
    await hub.order('right', await hub.accept(left, 'a.txt'), { replaces })
    await hub.done('right')
    await told
    expect(await hub.outbox('right')).toMatchObject([{ type: 'updated', hash: right.files.hash('a.txt') }])
  })
})

describe('a file', () => {
  it('larger than a chunk arrives by chunks', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const content = large()
    await share('big', content, left, [right])
    expect(Buffer.compare(right.files.get('big').content, content)).toBe(0)
    expect(right.files.calls.filter((call) => call === 'uploadChunk big')).toHaveLength(40)
    expect(await hub.db.keys({ prefix: keys.transferPrefix('right') }).all()).toEqual([])
  })

  it('goes on where it was when the service starts again', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const content = large()
    let reached: () => void = () => undefined
    const atLast = new Promise<void>((resolve) => {
      reached = resolve
    })
    right.files.before = async (handler, _, offset) => {
      if (handler !== 'uploadChunk' || offset < 36 * HASH_BLOCK_SIZE) return
      reached()
      throw new ServiceError('GONE', 'the service goes away')
    }
    await left.plug.updateFile(left.files.put('big', content))
    await hub.order('right', await hub.accept(left, 'big'))
    await atLast
    await right.running.close()
    right.files.before = async () => undefined
    right.files.calls.length = 0
    await hub.run('right', { files: right.files })
    await hub.done('right')
    expect(Buffer.compare(right.files.get('big').content, content)).toBe(0)
    // The journal is written every 16 MiB, and speaks only of blocks that were written and verified by then.
    const restarted = await hub.event('transfer_restarted', 'right')
    const resumed = 'offset' in restarted ? Number(restarted.offset) / HASH_BLOCK_SIZE : 0
    expect(resumed).toBeGreaterThanOrEqual(16)
    expect(resumed).toBeLessThanOrEqual(36)
    const sent = right.files.calls.filter((call) => call === 'uploadChunk big')
    expect(sent).toHaveLength(Math.ceil(content.byteLength / HASH_BLOCK_SIZE) - resumed)
    expect(right.files.uploads.size).toBe(0)
  })

  it('comes from the next source when the best one fails in the middle', async () => {
    const left = await hub.run('left')
    const third = await hub.run('third')
    const content = large()
    const head = await share('big', content, left, [third])
    left.files.before = async (handler, _, offset) => {
      if (handler === 'getChunk' && offset >= 10 * HASH_BLOCK_SIZE) throw new ServiceError('EIO', 'broken disk')
    }
    const right = await hub.run('right')
    await hub.order('right', head)
    await hub.done('right')
    expect(Buffer.compare(right.files.get('big').content, content)).toBe(0)
    const sources = hub.eventsOf('source_selected', 'right').map((event) => ('source' in event ? event.source : ''))
    expect(sources).toEqual(['left', 'third'])
    expect(third.files.calls.filter((call) => call === 'getChunk big')).toHaveLength(30)
  })

  it('is fetched in its new version when that is ordered in the middle', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let reached: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => {
      reached = resolve
    })
    right.files.before = async (handler, _, offset) => {
      if (handler !== 'uploadChunk' || offset !== 3 * HASH_BLOCK_SIZE) return
      reached()
      await held
    }
    await left.plug.updateFile(left.files.put('big', large()))
    await hub.order('right', await hub.accept(left, 'big'))
    await waiting
    await left.plug.updateFile(left.files.put('big', 'small now'))
    await hub.order('right', await hub.accept(left, 'big'))
    release()
    await hub.done('right')
    expect(right.files.text('big')).toBe('small now')
    expect(right.files.uploads.size).toBe(0)
    expect(hub.eventsOf('transfer_aborted', 'right')).toHaveLength(1)
  })

  it('is renamed when its content is here under another name, and the old name is given up', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const old = await share('old', 'content', left, [right])
    const to = fileId('docs', 'new')
    const head = hub.head('new', { ...old, movedFrom: old.fid }, 'left')
    await left.plug.moveFile({ folder: 'docs', path: 'old' }, rename(left, 'old', 'new'))
    const gone = hub.head('old', { ...old, deleted: true, movedTo: to }, 'left')
    await hub.emptyOutbox('left')
    await hub.order('right', gone, { movedTo: { fid: to, version: head.version } })
    await hub.order('right', head, { movedFrom: old.fid })
    await hub.done('right')
    expect(right.files.text('new')).toBe('content')
    expect(right.files.text('old')).toBeUndefined()
    expect(right.files.calls.filter((call) => call.startsWith('moveFile'))).toEqual(['moveFile new'])
    expect(await hub.event('move_completed', 'right')).toMatchObject({ src: 'old', dest: 'new' })
  })

  it('leaves an empty place: what is put back there is told to be no leftover', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const old = await share('old', 'content', left, [right])
    await hub.order('right', hub.head('new', { ...old, movedFrom: old.fid }, 'left'), { movedFrom: old.fid })
    await hub.done('right')
    expect(await hub.record('right', 'old')).toMatchObject({ token: null, emptyAt: old.version })
    await right.plug.updateFile(right.files.put('old', 'content'))
    expect(await hub.outbox('right')).toMatchObject([{ path: 'old', base: old.version, emptyAt: old.version }])
  })

  const SILENT = { what: 'did not say what became of it', error: new ServiceError('ETIMEDOUT', ''), isNoted: true }
  const REFUSED = { what: 'has left everything as it was', error: new ChangedError(''), isNoted: false }
  it.each([
    { ...SILENT, mtime: true },
    { ...SILENT, mtime: false },
    { ...REFUSED, mtime: true },
    { ...REFUSED, mtime: false },
  ])(
    'that is renamed is noted before, and that stays where the driver $what (it keeps times: $mtime)',
    async ({ error, isNoted, mtime }) => {
      const left = await hub.run('left')
      let before: unknown
      const moveFile = async () => {
        before = (await hub.record('right', 'new'))?.writing
        throw error
      }
      const right = await hub.run('right', { capabilities: { mtime }, handlers: { moveFile } })
      const head = await orderRename(await share('old', 'content', left, [right]))
      await hub.event('order_failed', 'right')
      const note = { version: head.version, hash: head.hash, renamed: true }
      expect(before).toMatchObject([note])
      expect((await hub.record('right', 'new'))?.writing ?? []).toMatchObject(isNoted ? [note] : [])
    },
  )

  it('that was renamed gets its time later where the driver could not set it then', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const old = await share('old', 'content', left, [right])
    let failures = 0
    right.files.before = async (called) => {
      if (called === 'setAttributes' && failures++ === 0) throw new ServiceError('ECONNRESET', 'The connection was cut')
    }
    const head = await orderRename({ ...old, mtime: 7000 })
    await hub.done('right')
    expect(await hub.record('right', 'new')).toMatchObject({ mtime: 7000, version: head.version })
    expect(right.files.calls.filter((call) => call.startsWith('moveFile'))).toEqual(['moveFile new'])
    expect(await hub.record('right', 'old')).toMatchObject({ token: null })
  })

  it('is fetched and then deleted where the service cannot rename', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right', { capabilities: { nativeMove: false } })
    await orderRename(await share('old', 'content', left, [right]))
    await hub.done('right')
    expect(right.files.text('new')).toBe('content')
    expect(right.files.text('old')).toBeUndefined()
    const writes = right.files.calls.filter((call) => call === 'uploadFile new' || call === 'deleteFile old')
    expect(writes).toEqual(['uploadFile new', 'deleteFile old'])
  })

  it('that was never decided on is moved aside, and told of', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await right.plug.updateFile(right.files.put('a.txt', 'mine'))
    await hub.emptyOutbox('right')
    await left.plug.updateFile(left.files.put('a.txt', 'theirs'))
    await hub.order('right', await hub.accept(left, 'a.txt'))
    await hub.done('right')
    expect(right.files.text('a.txt')).toBe('theirs')
    const aside = 'a (conflict of right, 1970-01-01 00-00-01).txt'
    expect(right.files.text(aside)).toBe('mine')
    await hub.until(async () => (await hub.outbox('right')).some(({ path }) => path === aside))
  })

  it('that was moved aside, and replaced there by its user, is told of as what is there', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await right.plug.updateFile(right.files.put('a.txt', 'mine'))
    await hub.emptyOutbox('right')
    await left.plug.updateFile(left.files.put('a.txt', 'theirs'))
    right.files.moved = (path) => {
      void right.plug.updateFile(right.files.put(path, 'newer'))
    }
    await hub.order('right', await hub.accept(left, 'a.txt'))
    await hub.done('right')
    const aside = 'a (conflict of right, 1970-01-01 00-00-01).txt'
    await hub.until(async () => right.files.calls.filter((call) => call === `getFile ${aside}`).length > 1)
    await right.running.close()
    expect(await hub.record('right', aside)).toMatchObject({ token: right.files.seen(aside).token })
    expect((await hub.outbox('right')).at(-1)).toMatchObject({ path: aside, hash: right.files.hash(aside) })
  })

  it('that is in the way is kept under a name that is free', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const aside = 'a (conflict of right, 1970-01-01 00-00-01).txt'
    await right.plug.report([
      { type: 'updated', ...right.files.put('a.txt', 'second') },
      { type: 'updated', ...right.files.put(aside, 'first') },
    ])
    await hub.emptyOutbox('right')
    await left.plug.updateFile(left.files.put('a.txt', 'theirs'))
    await hub.order('right', await hub.accept(left, 'a.txt'))
    await hub.done('right')
    expect(right.files.text(aside)).toBe('first')
    expect(right.files.text(aside.replace(')', ' 2)'))).toBe('second')
  })

  it('waits while its own observation is in the outbox', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await right.plug.updateFile(right.files.put('a.txt', 'mine'))
    await left.plug.updateFile(left.files.put('a.txt', 'theirs'))
    const head = await hub.accept(left, 'a.txt')
    await hub.order('right', head)
    await share('b.txt', 'other', left, [])
    await hub.order('right', hub.head('c', { kind: 'directory', hash: EMPTY }, 'left'))
    await hub.event('directory_created', 'right')
    expect(right.files.text('a.txt')).toBe('mine')
    await hub.emptyOutbox('right')
    await hub.order('right', head, { replaces: right.files.hash('a.txt') })
    await hub.done('right')
    expect(right.files.text('a.txt')).toBe('theirs')
  })

  it('that has another token is not deleted, and the rest goes on', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const head = await share('a.txt', 'one', left, [right])
    right.files.put('a.txt', 'edited, and not told of yet')
    await hub.order('right', hub.head('a.txt', { ...head, deleted: true }, 'left'))
    await share('b.txt', 'two', left, [])
    await hub.order('right', await hub.db.get(keys.head(fileId('docs', 'b.txt'))))
    await hub.until(async () => right.files.text('b.txt') === 'two')
    await hub.event('order_failed', 'right')
    expect(right.files.text('a.txt')).toBe('edited, and not told of yet')
    expect(await hub.orders('right')).toHaveLength(1)
  })

  it('that fails is told of, recorded, and tried again', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    let full = true
    right.files.before = async (handler) => {
      if (handler === 'uploadFile' && full) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    }
    await left.plug.updateFile(left.files.put('a.txt', 'one'))
    await hub.order('right', await hub.accept(left, 'a.txt'))
    expect(await hub.event('order_failed', 'right')).toMatchObject({ code: 'ENOSPC', attempts: 1 })
    const failure = keys.failure('right', fileId('docs', 'a.txt'))
    expect(await hub.db.get(failure)).toMatchObject({ code: 'ENOSPC', path: 'a.txt' })
    full = false
    await hub.done('right')
    expect(right.files.text('a.txt')).toBe('one')
    expect(await hub.db.exists(failure)).toBe(false)
  })

  it('of which only mtime and mode changed keeps its content', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const head = await share('a.txt', 'one', left, [right])
    right.files.calls.length = 0
    await hub.order('right', hub.head('a.txt', { ...head, mtime: 5, mode: 0o600 }, 'left'), { attributes: true })
    await hub.done('right')
    expect(right.files.get('a.txt')).toMatchObject({ mtime: 5, mode: 0o600 })
    expect(right.files.calls).toEqual(['setAttributes a.txt'])
  })
})

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Has right rename `old` to `new`: gives the head there. */
async function orderRename(old: Head): Promise<Head> {
  const to = fileId('docs', 'new')
  const head = hub.head('new', { ...old, movedFrom: old.fid }, 'left')
  const gone = hub.head('old', { ...old, deleted: true, movedTo: to }, 'left')
  await hub.order('right', gone, { movedTo: { fid: to, version: head.version } })
  await hub.order('right', head, { movedFrom: old.fid })
  return head
}

function rename(service: TestService, from: string, to: string) {
  const entry = service.files.get(from)
  service.files.entries.delete(from)
  service.files.entries.set(to, entry)
  return service.files.seen(to)
}

describe('directories', () => {
  it('are deleted after what is in them', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    const directory = hub.head('d', { kind: 'directory', hash: EMPTY }, 'left')
    await hub.order('right', directory)
    const file = await share('d/a', 'one', left, [right])
    await hub.order('right', hub.head('d', { ...directory, deleted: true }, 'left'))
    await hub.order('right', hub.head('d/a', { ...file, deleted: true }, 'left'))
    await hub.done('right')
    expect([...right.files.entries.keys()]).toEqual([])
    await hub.event('directory_deleted', 'right')
    expect(hub.eventsOf('order_failed', 'right')).toEqual([])
  })

  it('stay, without a failure, while they hold what is not synced', async () => {
    const right = await hub.run('right')
    const directory = hub.head('d', { kind: 'directory', hash: EMPTY }, 'left')
    await hub.order('right', directory)
    await hub.done('right')
    right.files.put('d/local', 'not synced')
    const gone = hub.head('d', { ...directory, deleted: true }, 'left')
    await hub.order('right', gone)
    await hub.done('right')
    expect(right.files.entries.has('d')).toBe(true)
    const record = await hub.record('right', 'd')
    expect(record).toMatchObject({ version: gone.version })
    expect(record?.token).not.toBeNull()
    expect(hub.eventsOf('order_failed', 'right')).toEqual([])
  })

  it('take the place of a file and the reverse', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await share('x', 'a file', left, [right])
    await hub.order('right', hub.head('x', { kind: 'directory', hash: EMPTY }, 'left'))
    await hub.done('right')
    expect(right.files.get('x').kind).toBe('directory')
    await share('x', 'a file again', left, [right])
    expect(right.files.text('x')).toBe('a file again')
  })
})

describe('a content that nobody holds where it should be', () => {
  it('is found where it was moved to', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await left.plug.updateFile(left.files.put('elsewhere.txt', 'content'))
    const { hash } = await hub.accept(left, 'elsewhere.txt')
    await hub.order('right', hub.head('a.txt', { size: 7, hash, mtime: 1000 }, 'left'))
    await hub.event('order_failed', 'right')
    await hub.done('right')
    expect(right.files.text('a.txt')).toBe('content')
  })
})

it('what a driver told of before an order put something else in its place is what was there before', async () => {
  let told: Promise<void> | undefined
  const right: TestService = await hub.run('right', {
    handlers: {
      // A user makes a file and takes it away just before the directory is made: the order has the file already, so the report waits.
      normalizePath: async (_folder, path) => {
        const seen = right.files.put('d', 'a file')
        const hash = right.files.hash('d')
        right.files.entries.delete('d')
        told ??= right.plug.updateFile({ ...seen, hash })
        return path
      },
    },
  })
  await hub.order('right', hub.head('d', { kind: 'directory', hash: EMPTY }, 'left'))
  await hub.done('right')
  await told
  expect(await hub.record('right', 'd')).toMatchObject({ kind: 'directory', token: right.files.get('d').token })
  expect(await hub.outbox('right')).toEqual([])
})

describe('a service without directories that agrees to one', () => {
  it('says of a file that turns up there since when it had none, and which versions it cannot have put there', async () => {
    await hub.db.put(keys.lastVersion, 7)
    const left = await hub.run('left')
    const right = await hub.run('right', { capabilities: { directories: false } })
    const file = await share('a', 'content', left, [right])
    await hub.order('right', hub.head('a', { kind: 'directory', hash: EMPTY }, 'left'), { replaces: file.hash })
    await hub.done('right')
    expect(right.files.text('a')).toBeUndefined()
    expect(await hub.record('right', 'a')).toMatchObject({ token: null, emptyAt: file.version })
    await right.plug.updateFile(right.files.put('a', 'content'))
    const known = { flat: true, emptyAt: file.version, unnotedUntil: 7 }
    expect(await hub.outbox('right')).toMatchObject([{ path: 'a', ...known }])
    expect(await hub.record('right', 'a')).not.toHaveProperty('emptyAt')
  })

  it('says that it never looked where it had none at any time', async () => {
    await hub.run('right', { capabilities: { directories: false } })
    await hub.order('right', hub.head('a', { kind: 'directory', hash: EMPTY }, 'left'))
    await hub.done('right')
    expect(await hub.record('right', 'a')).toMatchObject({ token: null, emptyAt: 0 })
  })
})

it('a directory that a user deleted as soon as an order had made it is gone', async () => {
  const right = await hub.run('right')
  let told: Promise<void> | undefined
  right.files.made = (path) => {
    right.files.entries.delete(path)
    told ??= right.plug.deleteFile('docs', path)
  }
  await hub.order('right', hub.head('d', { kind: 'directory', hash: EMPTY }, 'left'))
  await hub.done('right')
  expect(told).toBeDefined()
  await told
  expect(await hub.outbox('right')).toMatchObject([{ type: 'deleted', path: 'd' }])
  expect(await hub.record('right', 'd')).toMatchObject({ token: null })
})

it('a directory that a user deleted as soon as an order had made it is gone, also when the driver had told of it first', async () => {
  const right = await hub.run('right')
  const told: Promise<void>[] = []
  right.files.made = (path) => {
    if (told.length > 0) return
    told.push(right.plug.updateFile(right.files.seen(path)))
    right.files.entries.delete(path)
    told.push(right.plug.deleteFile('docs', path))
  }
  await hub.order('right', hub.head('d', { kind: 'directory', hash: EMPTY }, 'left'))
  await hub.done('right')
  expect(told).toHaveLength(2)
  await Promise.all(told)
  expect(await hub.outbox('right')).toMatchObject([{ type: 'deleted', path: 'd' }])
  expect(await hub.record('right', 'd')).toMatchObject({ token: null })
})

it.each([
  { made: 'before an order made one', isThere: 'order' },
  { made: 'after the one of an order', isThere: 'user' },
])('of two directories of one name the one that is there counts: a user made one $made', async ({ isThere }) => {
  const right = await hub.run('right')
  let told: Promise<void> | undefined
  const tell = (path: string) => {
    told ??= right.plug.updateFile(right.files.mkdir(path))
  }
  right.files.before = async (handler, path) => {
    if (handler !== 'createDirectory' || isThere !== 'order') return
    tell(path)
    right.files.entries.delete(path)
  }
  right.files.made = (path) => {
    if (isThere === 'user') tell(path)
  }
  await hub.order('right', hub.head('d', { kind: 'directory', hash: EMPTY }, 'left'))
  await hub.done('right')
  expect(told).toBeDefined()
  await told
  expect(await hub.record('right', 'd')).toMatchObject({ token: right.files.get('d').token })
})

it('a directory that a user has made in the place of one is not known to be there when the order that was deleting that one has deleted it', async () => {
  const right = await hub.run('right')
  await right.plug.updateFile(right.files.mkdir('d'))
  await hub.accept(right, 'd')
  await hub.done('right')
  await hub.emptyOutbox('right')
  const before = right.files.get('d')
  let told: Promise<void> | undefined
  right.files.before = async (handler, path) => {
    if (handler !== 'deleteFile') return
    told ??= right.plug.updateFile(right.files.mkdir(path))
    // As for a driver of a service where what is deleted depends on the name alone.
    right.files.entries.set(path, before)
  }
  const record = (await hub.record('right', 'd')) ?? {}
  await hub.order('right', hub.head('d', { ...record, deleted: true }, 'left'))
  await hub.done('right')
  expect(told).toBeDefined()
  await told
  expect(right.files.entries.has('d')).toBe(false)
  expect(await hub.outbox('right')).toEqual([])
  expect(await hub.record('right', 'd')).toMatchObject({ token: null })
})

describe('a service', () => {
  it('that is read-only is never written', async () => {
    await hub.db.put(keys.serviceFolderOptions('right', 'docs'), { mode: 'r' })
    const left = await hub.run('left')
    const right = await hub.run('right')
    await left.plug.updateFile(left.files.put('a.txt', 'one'))
    await hub.order('right', await hub.accept(left, 'a.txt'))
    await hub.done('right')
    expect(right.files.calls).toEqual([])
  })

  it('that is write-only is never read', async () => {
    await hub.db.put(keys.serviceFolderOptions('left', 'docs'), { mode: 'w' })
    const left = await hub.run('left')
    await hub.run('right')
    await left.plug.updateFile({ ...left.files.put('a.txt', 'one'), hash: left.files.hash('a.txt') })
    await hub.order('right', await hub.accept(left, 'a.txt'))
    expect(await hub.event('order_failed', 'right')).toMatchObject({ code: 'NO_SOURCE' })
    expect(left.files.calls).toEqual([])
  })

  it('that is write-only keeps what its user put in the way, unread, under another name', async () => {
    await hub.db.put(keys.serviceFolderOptions('right', 'docs'), { mode: 'w' })
    const left = await hub.run('left')
    const right = await hub.run('right')
    await right.plug.updateFile(right.files.put('a.txt', 'mine'))
    await hub.emptyOutbox('right')
    await left.plug.updateFile(left.files.put('a.txt', 'one'))
    await hub.order('right', await hub.accept(left, 'a.txt'))
    await hub.done('right')
    expect(right.files.text('a.txt')).toBe('one')
    expect([...right.files.entries.keys()].map((path) => right.files.text(path))).toContain('mine')
    expect(right.files.calls.filter((call) => call.startsWith('get'))).toEqual([])
  })

  it.each([
    ['keeps what its user had put there already, if it is the same', 'one', 'getFile', ['a.txt']],
    ['keeps it under another name, if it is as long and not the same', 'two', 'getFile', ['a (conflict', 'a.txt']],
  ])('that is write-only %s', async (_title, content, read, paths) => {
    await hub.db.put(keys.serviceFolderOptions('right', 'docs'), { mode: 'w' })
    const left = await hub.run('left')
    const right = await hub.run('right')
    await right.plug.updateFile(right.files.put('a.txt', content))
    await hub.emptyOutbox('right')
    expect(right.files.calls).toEqual([])
    await left.plug.updateFile(left.files.put('a.txt', 'one'))
    await hub.order('right', await hub.accept(left, 'a.txt'))
    await hub.done('right')
    expect(right.files.text('a.txt')).toBe('one')
    expect(right.files.calls[0]).toBe(`${read} a.txt`)
    expect([...right.files.entries.keys()].sort()).toEqual(paths.map((path) => expect.stringContaining(path)))
    await hub.emptyOutbox('right')
    expect(await hub.record('right', 'a.txt')).toMatchObject({ version: 1, reported: 0 })
  })

  it('carries out no order and hears no report while its folder cannot be reached', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await right.plug.setAvailable('docs', false, 'unplugged')
    await right.plug.updateFile(right.files.put('mine', 'x'))
    await left.plug.updateFile(left.files.put('a.txt', 'one'))
    await hub.order('right', await hub.accept(left, 'a.txt'))
    await hub.event('service_unavailable', 'right')
    expect(await hub.outbox('right')).toEqual([])
    expect(await hub.db.get(keys.serviceState('right'))).toEqual({
      folders: { docs: { available: false, reason: 'unplugged' } },
    })
    expect(await hub.orders('right')).toHaveLength(1)
    await right.plug.setAvailable('docs', true)
    await hub.done('right')
    expect(right.files.text('a.txt')).toBe('one')
  })

  it('knows its folders from the second start on', async () => {
    const first = await hub.run('right')
    expect(first.plug.folders.get('docs')?.known).toBe(false)
    await first.running.close()
    const second = await hub.run('right')
    expect(second.plug.folders.get('docs')?.known).toBe(true)
  })

  it('says why a folder that it never had cannot be reached, at each start, and does not know it for that', async () => {
    const start = (plug: Plug) => plug.setAvailable('docs', false, 'no such host')
    for (const times of [1, 2]) {
      const { plug, running } = await hub.run('right', { start })
      expect(plug.folders.get('docs')?.known).toBe(false)
      expect(await hub.db.get(keys.serviceState('right'))).toEqual({
        folders: { docs: { available: false, reason: 'no such host', known: false } },
      })
      await hub.until(async () => hub.eventsOf('service_unavailable', 'right').length === times)
      await running.close()
    }
    const { plug } = await hub.run('right')
    expect(plug.folders.get('docs')?.known).toBe(false)
    await hub.event('service_available', 'right')
    expect(await hub.db.get(keys.serviceState('right'))).toEqual({ folders: { docs: { available: true } } })
  })

  it('knows a folder that was there, whatever is said of it afterwards', async () => {
    const first = await hub.run('right')
    await first.plug.setAvailable('docs', false, 'unplugged')
    await first.running.close()
    const second = await hub.run('right', { start: (plug) => plug.setAvailable('docs', false, 'still unplugged') })
    expect(second.plug.folders.get('docs')?.known).toBe(true)
    expect(await hub.db.get(keys.serviceState('right'))).toEqual({
      folders: { docs: { available: false, reason: 'still unplugged' } },
    })
  })

  it('drops what is left of an upload that nobody wants any more', async () => {
    const right = await hub.run('right')
    const head = hub.head('gone', { size: 9, hash: EMPTY }, 'left')
    await right.running.close()
    right.files.uploads.set('state', { chunks: new Map() })
    await hub.db.put(keys.head(head.fid), head)
    await hub.db.put(keys.transfer('right', head.fid), {
      version: 1,
      hash: EMPTY,
      offset: 0,
      blocks: new Uint8Array(),
      state: 'state',
    })
    await hub.run('right', { files: right.files })
    await hub.until(async () => right.files.uploads.size === 0)
    await hub.until(async () => !(await hub.db.exists(keys.transfer('right', head.fid))))
  })

  it('gives nothing of a path that leaves its folder, and says so', async () => {
    const left = await hub.run('left')
    await left.plug.updateFile({ folder: 'docs', path: '../x', size: 1, mtime: 1, token: 't', hash: EMPTY })
    expect(await hub.event('file_problem', 'left')).toMatchObject({ code: 'INVALID_PATH' })
    await left.plug.updateFile({ folder: 'docs', path: '.onitu/x', size: 1, mtime: 1, token: 't', hash: EMPTY })
    expect(await hub.outbox('left')).toEqual([])
    expect(hub.eventsOf('file_problem', 'left')).toHaveLength(1)
  })
})
