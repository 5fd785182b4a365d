import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlockHash, keys } from '@onitu/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Handlers } from '../src/contract.ts'
import { ChangedError, ServiceError } from '../src/errors.ts'
import { Hub } from './support/hub.ts'
import { MemoryFiles } from './support/memory-files.ts'

const MiB = 1024 * 1024

let hub: Hub
let folder: string
beforeEach(async () => {
  hub = await Hub.start({ left: {}, right: {} })
  folder = await mkdtemp(join(tmpdir(), 'handing-over-'))
})
afterEach(async () => {
  await hub.close()
  await rm(folder, { recursive: true })
})

const large = (fill: string) => Buffer.alloc(3 * MiB + 5, fill)

describe('a large content', () => {
  it('is read once from the service that has it: to know its hash, and not again for those who get it', async () => {
    const left = await hub.run('left', { spools: true })
    const right = await hub.run('right')
    await left.plug.updateFile(left.files.put('big', large('a')))
    const reads = left.files.calls.length
    expect(reads).toBe(4)
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.done('right')
    expect(Buffer.compare(right.files.get('big').content, large('a'))).toBe(0)
    expect(left.files.calls.length).toBe(reads)
  })

  it('is read again where nothing can be put aside', async () => {
    const left = await hub.run('left')
    const right = await hub.run('right')
    await left.plug.updateFile(left.files.put('big', large('a')))
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.done('right')
    expect(right.files.hash('big')).toBe(left.files.hash('big'))
    expect(left.files.calls.length).toBe(8)
  })

  it('is read in the file of this machine that holds it, and only its end is asked for', async () => {
    const path = join(folder, 'big')
    await writeFile(path, large('a'))
    const left = await hub.run('left', { handlers: { localPath: async () => path } })
    const right = await hub.run('right')
    await left.plug.updateFile({ ...left.files.put('big', large('a')), hash: left.files.hash('big') })
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.done('right')
    expect(right.files.hash('big')).toBe(left.files.hash('big'))
    expect(left.files.calls).toEqual(['getChunk big'])
  })

  it('comes to the driver in whole chunks, however much of it was read on this machine', async () => {
    const path = join(folder, 'big')
    await writeFile(path, large('a'))
    const chunks: number[][] = []
    const files = new MemoryFiles()
    const left = await hub.run('left', { handlers: { localPath: async () => path } })
    await hub.run('right', {
      files,
      handlers: {
        uploadChunk: async (_metadata, offset, chunk, { state }) => {
          chunks.push([offset, chunk.byteLength])
          files.uploads.get(String(state))?.chunks.set(offset, Buffer.from(chunk))
        },
      },
    })
    await left.plug.updateFile({ ...left.files.put('big', large('a')), hash: left.files.hash('big') })
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.done('right')
    expect(chunks).toEqual([
      [0, MiB],
      [MiB, MiB],
      [2 * MiB, MiB],
      [3 * MiB, 5],
    ])
  })

  it.each([
    ['is shorter', large('a').subarray(1)],
    ['is not there', undefined],
  ])('is asked for by chunks when that file %s', async (_, there) => {
    const path = join(folder, 'big')
    if (there !== undefined) await writeFile(path, there)
    const left = await hub.run('left', { handlers: { localPath: async () => path } })
    const right = await hub.run('right')
    await left.plug.updateFile({ ...left.files.put('big', large('a')), hash: left.files.hash('big') })
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.done('right')
    expect(right.files.hash('big')).toBe(left.files.hash('big'))
  })

  it('is written by the driver itself from that file, if it can, and journaled as ever', async () => {
    const path = join(folder, 'big')
    await writeFile(path, large('a'))
    const copied: number[] = []
    const left = await hub.run('left', { handlers: { localPath: async () => path } })
    const files = new MemoryFiles()
    const right = await hub.run('right', {
      files,
      handlers: {
        copyChunk: async (_metadata, offset, size, { from, state }) => {
          const block = (await readFile(from)).subarray(offset, offset + size)
          files.uploads.get(String(state))?.chunks.set(offset, block)
          copied.push(offset, size)
          const hash = new BlockHash()
          await hash.update(block)
          await hash.digest()
          return hash.blocks
        },
      },
    })
    await left.plug.updateFile({ ...left.files.put('big', large('a')), hash: left.files.hash('big') })
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.done('right')
    expect(copied).toEqual([0, 3 * MiB])
    expect(right.files.hash('big')).toBe(left.files.hash('big'))
    expect(left.files.calls).toEqual(['getChunk big'])
  })

  it('is asked for by chunks when the driver finds another file there', async () => {
    const left = await hub.run('left', { handlers: { localPath: async () => join(folder, 'big') } })
    const right = await hub.run('right', {
      handlers: { copyChunk: () => Promise.reject(new ChangedError('It is not that long')) },
    })
    await left.plug.updateFile({ ...left.files.put('big', large('a')), hash: left.files.hash('big') })
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.done('right')
    expect(right.files.hash('big')).toBe(left.files.hash('big'))
  })

  it('never takes its name when the file that holds it was changed while it was read', async () => {
    const path = join(folder, 'big')
    const mixed = Buffer.concat([large('a').subarray(0, MiB), large('b').subarray(MiB)])
    await writeFile(path, mixed)
    const left = await hub.run('left', { handlers: { localPath: async () => path } })
    const right = await hub.run('right')
    await left.plug.updateFile({ ...left.files.put('big', large('a')), hash: left.files.hash('big') })
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.event('transfer_aborted', 'right')
    expect(right.files.entries.has('big')).toBe(false)
  })

  it('is not read where the service does not let it be', async () => {
    const changed = () => Promise.reject(new ChangedError('big has changed'))
    const left = await hub.run('left', { handlers: { localPath: changed } })
    const right = await hub.run('right')
    await left.plug.updateFile({ ...left.files.put('big', large('a')), hash: left.files.hash('big') })
    await hub.order('right', await hub.accept(left, 'big'))
    await hub.event('transfer_aborted', 'right')
    expect(right.files.entries.has('big')).toBe(false)
  })
})

/** A driver that takes what was written into `folder`. */
function adopting(files: MemoryFiles, taken: string[], spoil = (content: Buffer) => content): Partial<Handlers> {
  return {
    stagingDirectory: async () => folder,
    adoptFile: async (_metadata, { from, state }) => {
      const mine = join(folder, 'mine')
      await rename(from, mine).catch((error: unknown) => Promise.reject(new ChangedError(String(error))))
      taken.push(from)
      files.uploads.set(String(state), { chunks: new Map([[0, spoil(await readFile(mine))]]) })
    },
  }
}

describe('a large content for one service alone', () => {
  let taken: string[]
  let files: MemoryFiles
  beforeEach(() => {
    taken = []
    files = new MemoryFiles()
  })
  const receive = async (handlers: Partial<Handlers>, scratch = true) => {
    const left = await hub.run('left', { spools: scratch })
    const right = await hub.run('right', { files, handlers })
    await left.plug.updateFile(left.files.put('big', large('a')))
    const head = await hub.accept(left, 'big')
    return { left, right, head }
  }

  it('is written where it will get its name, and taken there', async () => {
    const { left, head } = await receive(adopting(files, taken))
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^staged-/)])
    await hub.order('right', head)
    await hub.done('right')
    expect(taken).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['mine'])
    expect(Buffer.compare(files.get('big').content, large('a'))).toBe(0)
    expect(left.files.calls.length).toBe(4)
    expect(await hub.record('right', 'big')).toMatchObject({ hash: head.hash, version: head.version })
  })

  it('is asked for as ever where the file cannot be taken', async () => {
    const handlers = { ...adopting(files, taken), adoptFile: () => Promise.reject(new ChangedError('It is gone')) }
    const { left, head } = await receive(handlers)
    await hub.order('right', head)
    await hub.done('right')
    expect(Buffer.compare(files.get('big').content, large('a'))).toBe(0)
    await left.running.close()
    expect(await readdir(folder)).toEqual([])
  })

  it('is fetched again where it was given away and whoever got it has lost it', async () => {
    const { left, head } = await receive(adopting(files, taken))
    files.before = async (handler) => {
      if (handler === 'endUpload' && taken.length === 1) {
        taken.push('lost')
        throw new ServiceError('EIO', 'The disk has a bad day')
      }
    }
    await hub.order('right', head)
    await hub.done('right')
    expect(Buffer.compare(files.get('big').content, large('a'))).toBe(0)
    expect(left.files.calls.length).toBeGreaterThan(4)
  })

  it.each([
    ['rules', () => hub.db.put(keys.rules, [])],
    ['options of the folder', () => hub.db.put(keys.folder('docs'), { blacklist: ['*.tmp'] })],
    [
      'options of the service',
      () => hub.db.put(keys.serviceFolderOptions('right', 'docs'), { file_size: { max: '1G' } }),
    ],
    ['rules of the service', () => hub.db.put(keys.serviceRules('right'), [])],
    ['the mode', () => hub.db.put(keys.serviceFolderOptions('right', 'docs'), { mode: 'r' })],
    [
      'a third service',
      async () => {
        await hub.db.put(keys.services, ['left', 'right', 'third'])
        await hub.db.put(keys.serviceFolders('third'), ['docs'])
      },
    ],
  ])('is put aside elsewhere where %s may have a say in who gets it', async (_, restrict) => {
    await restrict()
    await receive(adopting(files, taken))
    expect(await readdir(folder)).toEqual([])
  })

  it('is put aside elsewhere where nobody offers a place, or not now', async () => {
    const handlers = { ...adopting(files, taken), stagingDirectory: () => Promise.reject(new Error('not mounted')) }
    const { head } = await receive(handlers)
    expect(await readdir(folder)).toEqual([])
    await hub.order('right', head)
    await hub.done('right')
    expect(files.hash('big')).toBe(head.hash)
  })
})
