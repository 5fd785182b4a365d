import { fileId, type Head, type Order } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ServiceError } from '../src/errors.ts'
import { Hub, type ServiceOptions, type TestService } from './support/hub.ts'

let hub: Hub
let left: TestService
let right: TestService
/** What both have as `old`. */
let old: Head
let tokenOfOld: string
beforeEach(async () => {
  hub = await Hub.start({ left: { velocity: 0.9 }, right: { velocity: 0.5 } })
})
afterEach(() => hub.close())

async function start(options: ServiceOptions = {}): Promise<void> {
  left = await hub.run('left')
  right = await hub.run('right', options)
  await left.plug.updateFile(left.files.put('old', 'content'))
  old = await hub.accept(left, 'old')
  await hub.order('right', old)
  for (const { name } of [left, right]) await hub.done(name)
  tokenOfOld = right.files.seen('old').token
}

/** Has right rename `old` to `new`, which is not wanted any more and cannot be taken back. What is at `old` can be seen only after `see`. */
async function renameUnseen(): Promise<{ see: () => void }> {
  let isCut = true
  await renameWhile(async () => {
    await giveNameAway()
    right.files.before = async (handler, path) => {
      if (path !== 'old' || !(handler === 'moveFile' || isCut)) return
      throw new ServiceError('ECONNRESET', 'The connection was cut')
    }
  })
  await hub.event('file_problem', 'right')
  const see = () => {
    isCut = false
  }
  return { see }
}

/** Has right rename `old` to `new`, and lets others decide something while it does. */
async function renameWhile(decide: () => Promise<void>, attributes: Partial<Head> = {}): Promise<void> {
  let isDecided = false
  right.files.before = async (handler) => {
    if (handler !== 'moveFile' || isDecided) return
    isDecided = true
    await decide()
  }
  await order('new', { ...old, ...attributes, movedFrom: old.fid }, { movedFrom: old.fid })
}

function order(path: string, content: Partial<Head>, more: Partial<Order> = {}): Promise<void> {
  return hub.order('right', hub.head(path, content, 'left'), more)
}

/** A user of left makes another file of the new name, so what was to be there is to be `third` instead, from where right has it as the Referee knows. */
async function giveNameAway(): Promise<void> {
  await left.plug.moveFile({ folder: 'docs', path: 'old' }, renamed('old', 'elsewhere'))
  await left.plug.updateFile(left.files.put('new', 'newer'))
  const record = await hub.record('left', 'new')
  await hub.emptyOutbox('left')
  await order('third', { ...old, movedFrom: old.fid }, { movedFrom: old.fid })
  await order('new', { ...record })
}

function renamed(from: string, to: string) {
  const { content } = left.files.get(from)
  left.files.entries.delete(from)
  return left.files.put(to, content)
}

describe('a rename of which the order was replaced while it was done', () => {
  it('is taken back, so that what was renamed goes where it belongs now and nothing replaces it', async () => {
    await start()
    await renameWhile(giveNameAway)
    await hub.done('right')
    expect(right.files.text('third')).toBe('content')
    expect(right.files.text('new')).toBe('newer')
    expect(right.files.text('old')).toBeUndefined()
    expect(right.files.calls.filter((call) => call.startsWith('moveFile'))).toEqual([
      'moveFile new',
      'moveFile old',
      'moveFile third',
    ])
    expect(await hub.record('right', 'third')).toMatchObject({ token: right.files.seen('third').token })
    expect(await hub.outbox('right')).toEqual([])
  })

  it('stands where the new order wants it there as well', async () => {
    await start()
    await renameWhile(() => order('new', { ...old, mtime: 7000, movedFrom: old.fid }, { movedFrom: old.fid }))
    await hub.done('right')
    expect(right.files.calls.filter((call) => call.startsWith('moveFile'))).toEqual(['moveFile new'])
    expect(right.files.seen('new')).toMatchObject({ mtime: 7000 })
    expect(await hub.record('right', 'old')).toMatchObject({ token: null })
    await hub.event('move_completed', 'right')
  })

  it('is told of like a rename by a user where it cannot be taken back', async () => {
    await start()
    await renameWhile(async () => {
      await giveNameAway()
      right.files.before = async (handler, path) => {
        if (handler === 'moveFile' && path === 'old') throw new ServiceError('ECONNRESET', 'The connection was cut')
      }
    })
    await hub.until(async () => (await hub.outbox('right')).length > 0)
    expect(await hub.outbox('right')).toMatchObject([
      { type: 'moved', path: 'new', hash: old.hash, from: { fid: fileId('docs', 'old') } },
    ])
    expect(right.files.text('new')).toBe('content')
  })

  it('is told of before what its user put at the old name meanwhile, for which it cannot be taken back', async () => {
    await start()
    let told: Promise<void> | undefined
    await renameWhile(async () => {
      await giveNameAway()
      right.files.moved = (path) => {
        if (path === 'new') told ??= right.plug.updateFile(right.files.put('old', 'other'))
      }
    })
    await hub.until(async () => (await hub.outbox('right')).length > 1)
    await told
    expect(await hub.outbox('right')).toMatchObject([
      { type: 'moved', path: 'new', hash: old.hash, from: { fid: fileId('docs', 'old') } },
      { type: 'updated', path: 'old', hash: right.files.hash('old') },
    ])
  })

  it('is told of like one also where the old name could not be looked at for a time', async () => {
    await start()
    const { see } = await renameUnseen()
    expect(await hub.outbox('right')).toEqual([])
    see()
    await hub.until(async () => (await hub.outbox('right')).length > 0)
    expect(await hub.outbox('right')).toMatchObject([
      { type: 'moved', path: 'new', from: { fid: fileId('docs', 'old') } },
    ])
  })

  it('leaves nothing untold at the old name when there is newer news of the new one before it could be looked at', async () => {
    await start()
    const { see } = await renameUnseen()
    await right.plug.updateFile(right.files.put('new', 'edited'))
    expect(await hub.outbox('right')).toMatchObject([{ type: 'updated', path: 'new' }])
    see()
    await hub.until(async () => (await hub.outbox('right')).length > 1)
    expect((await hub.outbox('right'))[1]).toMatchObject({ type: 'deleted', path: 'old' })
  })

  it('is not told of to be deleted when it was taken back, and only that was not said', async () => {
    await start()
    await renameWhile(async () => {
      await giveNameAway()
      right.files.moved = (path) => {
        if (path !== 'old') return
        // As a service does that keeps the token of what is renamed.
        right.files.entries.set('old', { ...right.files.get('old'), token: tokenOfOld })
        throw new ServiceError('ETIMEDOUT', 'The answer was lost')
      }
    })
    await hub.done('right')
    expect(right.files.text('third')).toBe('content')
    expect(right.files.text('new')).toBe('newer')
    expect(await hub.outbox('right')).toEqual([])
  })

  it('is told of as what it has become when its user put something else there', async () => {
    await start()
    await renameWhile(async () => {
      await giveNameAway()
      right.files.before = async (handler, path) => {
        if (handler === 'moveFile' && path === 'old') void right.plug.updateFile(right.files.put('new', 'of a user'))
      }
    })
    await hub.until(async () => (await hub.outbox('right')).length > 1)
    expect(await hub.outbox('right')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'deleted', path: 'old' }),
        expect.objectContaining({ type: 'updated', path: 'new', hash: right.files.hash('new') }),
      ]),
    )
    expect(await hub.record('right', 'new')).toMatchObject({ token: right.files.seen('new').token })
    expect(right.files.text('new')).toBe('of a user')
  })

  it('is taken back as well when its time could not be set', async () => {
    await start()
    let isCut = false
    const decide = async () => {
      await giveNameAway()
      right.files.before = async (handler) => {
        if (handler !== 'setAttributes' || isCut) return
        isCut = true
        throw new ServiceError('ECONNRESET', 'The connection was cut')
      }
    }
    await renameWhile(decide, { mtime: 7000 })
    await hub.done('right')
    expect(isCut).toBe(true)
    expect(right.files.text('third')).toBe('content')
    expect(right.files.text('new')).toBe('newer')
  })
})
