import { createRequester } from '@onitu/escalator/messaging'
import { contentHash, fileId, keys } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handlers, KeptContent } from '../src/contract.ts'
import { ChangedError } from '../src/errors.ts'
import { Hub, type TestService } from './support/hub.ts'

let hub: Hub
beforeEach(async () => {
  hub = await Hub.start({ left: {}, right: {}, reader: { mode: 'r' } })
})
afterEach(() => hub.close())

const ask = async (service: string, body: unknown): Promise<unknown> => {
  const address = await hub.db.get<string, undefined>(keys.port(`plug:${service}`), { default: undefined })
  const requester = createRequester({ address: address ?? '' })
  try {
    return (await requester.request(body, { timeout: 20_000 })).body
  } finally {
    await requester.close()
  }
}

/** Handlers of a driver that keeps these contents, each under the hash that it should have. */
const keeping = (...contents: readonly [hash: string, content: string][]): Partial<Handlers> => {
  const kept = new Map(contents)
  return {
    listHistory: async (_folder, hashes) =>
      hashes.filter((hash) => kept.has(hash)).map((hash) => ({ hash, size: 1, since: 5 })),
    getHistoryChunk: async (_folder, hash, offset, size) => {
      const content = kept.get(hash)
      if (content === undefined) throw new ChangedError('not kept')
      return Buffer.from(content).subarray(offset, offset + size)
    },
  }
}
const hashOf = (content: string) => contentHash(Buffer.from(content))
const keeper = (handlers: Partial<Handlers>) => ({ capabilities: { history: true }, handlers })

const agree = async (service: TestService, path: string, content: string) => {
  await service.plug.updateFile(service.files.put(path, content))
  const head = await hub.accept(service, path)
  await hub.done(service.name)
  return head
}

const restoring = (path: string, content: string, ...services: readonly string[]) => ({
  type: 'restore',
  folder: 'docs',
  path,
  hash: hashOf(content),
  size: Buffer.byteLength(content),
  mtime: 7000,
  mode: 0o600,
  version: 1,
  sources: services.map((service) => ({ service, fid: fileId('docs', path), history: true })),
})

describe('the history of a service', () => {
  it('is what its driver lists', async () => {
    await hub.run('left', keeper(keeping([hashOf('a'), 'a'])))
    const request = { type: 'history', folder: 'docs', hashes: [hashOf('a'), hashOf('b')] }
    expect(await ask('left', request)).toEqual({ entries: [{ hash: hashOf('a'), size: 1, since: 5 }] })
  })

  it('is empty where the driver keeps none, and in a folder that it does not have', async () => {
    await hub.run('left', { handlers: keeping([hashOf('a'), 'a']) })
    await hub.run('right', keeper(keeping([hashOf('a'), 'a'])))
    const request = { type: 'history', folder: 'docs', hashes: [hashOf('a')] }
    expect(await ask('left', request)).toEqual({ entries: [] })
    expect(await ask('right', { ...request, folder: 'films' })).toEqual({ entries: [] })
  })
})

describe('a content that is restored', () => {
  it('comes from the history of another service, and is reported as a change of what was there', async () => {
    const left = await hub.run('left')
    await hub.run('right', keeper(keeping([hashOf('former'), 'former'])))
    const head = await agree(left, 'a.txt', 'now')
    await ask('left', restoring('a.txt', 'former', 'right'))
    expect(left.files.text('a.txt')).toBe('former')
    expect(left.files.get('a.txt')).toMatchObject({ mtime: 7000, mode: 0o600 })
    const observed = { type: 'updated', path: 'a.txt', base: head.version, hash: hashOf('former'), mtime: 7000 }
    expect(await hub.outbox('left')).toMatchObject([observed])
  })

  it('is large and comes in chunks, from the next source if the first does not have it', async () => {
    const content = 'x'.repeat(3_000_000)
    const left = await hub.run('left', keeper(keeping()))
    await hub.run('right', keeper(keeping([hashOf(content), content])))
    await ask('left', restoring('a.txt', content, 'left', 'right'))
    expect(left.files.text('a.txt')).toBe(content)
    expect(left.files.uploads.size).toBe(0)
    expect(await hub.db.keys({ prefix: keys.transferPrefix('left') }).all()).toEqual([])
    expect(await hub.outbox('left')).toMatchObject([{ type: 'updated', base: 0, size: 3_000_000 }])
  })

  it('leaves nothing of an upload behind when its source fails, or when the service is killed before the end', async () => {
    const content = 'x'.repeat(3_000_000)
    const transfers = () => hub.db.keys({ prefix: keys.transferPrefix('left') }).all()
    const first = await hub.run('left', keeper(keeping([hashOf(content), content.replace(/x$/, 'y')])))
    await agree(first, 'a.txt', 'now')
    await expect(ask('left', restoring('a.txt', content, 'left'))).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
    expect([first.files.uploads.size, await transfers()]).toEqual([0, []])
    // A process that was killed leaves its journal and the part; this one is only cut off from both.
    first.files.before = (handler) => (handler === 'uploadChunk' ? new Promise(() => {}) : Promise.resolve())
    const never = ask('left', restoring('a.txt', content, 'left')).catch((error: unknown) => error)
    await hub.until(async () => first.files.uploads.size === 1 && (await transfers()).length === 1)
    const journal = await hub.db.get(keys.transfer('left', fileId('docs', 'a.txt')))
    first.files.before = async () => undefined
    await first.running.close()
    await never
    await hub.db.put(keys.transfer('left', fileId('docs', 'a.txt')), journal)
    first.files.calls.length = 0
    await hub.run('left', { files: first.files })
    await hub.until(async () => (await transfers()).length === 0)
    expect(first.files.calls).toContain('abortUpload a.txt')
    expect(first.files.text('a.txt')).toBe('now')
  })

  it('replaces a content of which the driver is told, as it is by an order', async () => {
    const replaced: (KeptContent | undefined)[] = []
    const left = await hub.run('left', keeper(keeping([hashOf('former'), 'former'])))
    left.plug.handler('uploadFile', async (_metadata, _content, context) => {
      replaced.push(context.replaced)
      return { token: `written ${replaced.length}` }
    })
    await agree(left, 'a.txt', 'now')
    await ask('left', restoring('a.txt', 'former', 'left'))
    expect(replaced).toEqual([{ hash: hashOf('now'), size: 3 }])
  })

  it('waits until the service is up to date, so that it is a change of that', async () => {
    const left = await hub.run('left', keeper(keeping([hashOf('former'), 'former'])))
    const right = await hub.run('right')
    await hub.order('right', await agree(left, 'a.txt', 'old'))
    await hub.done('right')
    let release = () => {}
    left.files.before = (handler) =>
      handler === 'uploadFile' && left.files.text('a.txt') === 'old'
        ? new Promise((resolve) => {
            release = resolve
          })
        : Promise.resolve()
    const head = await agree(right, 'a.txt', 'new')
    await hub.order('left', head)
    await hub.until(async () => left.files.calls.includes('uploadFile a.txt'))
    const restored = ask('left', restoring('a.txt', 'former', 'left'))
    release()
    await restored
    expect(left.files.text('a.txt')).toBe('former')
    expect(await hub.outbox('left')).toMatchObject([{ type: 'updated', base: head.version }])
  })

  it.each([
    ['what is kept is not what it was', 'HASH_MISMATCH', keeping([hashOf('former'), 'formed'])],
    ['it is kept no longer', 'CHANGED', keeping()],
  ])('leaves everything as it is when %s', async (_title, code, handlers) => {
    const left = await hub.run('left', keeper(handlers))
    await agree(left, 'a.txt', 'now')
    await expect(ask('left', restoring('a.txt', 'former', 'left'))).rejects.toMatchObject({ code })
    expect(left.files.text('a.txt')).toBe('now')
    expect(await hub.outbox('left')).toEqual([])
  })

  it('is refused where a user has changed the file meanwhile, where a directory is, and where nothing may be written', async () => {
    const left = await hub.run('left', keeper(keeping([hashOf('former'), 'former'])))
    await hub.run('reader')
    await agree(left, 'a.txt', 'now')
    left.files.put('a.txt', 'of a user')
    await expect(ask('left', restoring('a.txt', 'former', 'left'))).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(left.files.text('a.txt')).toBe('of a user')
    await left.plug.updateFile(left.files.mkdir('d'))
    await hub.accept(left, 'd')
    await hub.done('left')
    await expect(ask('left', restoring('d', 'former', 'left'))).rejects.toMatchObject({ code: 'IN_THE_WAY' })
    await expect(ask('reader', restoring('b', 'former', 'left'))).rejects.toMatchObject({ code: 'NOT_WRITABLE' })
  })
})
