import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { stagedBy } from '@onitu/protocol'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Clock, realClock } from '../src/engine.ts'
import { BufferPool } from '../src/transfer/buffer-pool.ts'
import { Spool } from '../src/transfer/spool.ts'

const GiB = 1024 ** 3

let directory: string
let spool: Spool
let now = 0
let due: (() => void) | undefined
const warnings: string[] = []
const clock: Clock = {
  ...realClock,
  elapsed: () => now,
  after(_ms, callback) {
    due = callback
    return () => {
      due = undefined
    }
  },
}

async function open(): Promise<Spool> {
  const opened = await Spool.open(directory, clock, (message) => warnings.push(message))
  if (opened === undefined) throw new Error('no spool')
  return opened
}

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'spool-')), 'spool')
  spool = await open()
})
afterEach(async () => {
  await spool.close()
  await rm(join(directory, '..'), { recursive: true })
  expect(warnings).toEqual([])
})

const blocks = new Uint8Array(32).fill(7)

async function keep(hash: string, text: string, size = text.length, staging?: string): Promise<void> {
  const file = await spool.begin(size, staging)
  await file?.write(Buffer.from(text), 0)
  await file?.keep(hash, blocks)
}

const pathOf = async (hash: string) => (await spool.find(hash))?.path

it('gives what was kept, by its hash, in any piece', async () => {
  await keep('one', 'a content')
  expect(Buffer.from((await spool.read('one', 2, 3)) ?? []).toString()).toBe('con')
  expect(await readFile((await pathOf('one')) ?? '', 'utf8')).toBe('a content')
  expect(await spool.read('two', 0, 1)).toBeUndefined()
})

it('gives nothing where what was kept ends too soon, or goes away while it is read', async () => {
  await keep('one', 'a content')
  await truncate((await pathOf('one')) ?? '', 4)
  expect(await spool.read('one', 2, 3)).toBeUndefined()
  expect(Buffer.from((await spool.read('one', 0, 4)) ?? []).toString()).toBe('a co')
  const closing = spool.close()
  expect(await spool.read('one', 0, 4)).toBeUndefined()
  await closing
})

it('forgets what nobody has asked for in a while, and nothing else', async () => {
  await keep('one', '1')
  await keep('two', '2')
  now += 20_000
  await spool.read('two', 0, 1)
  now += 20_000
  due?.()
  await expect.poll(() => readdir(directory)).toEqual(['2'])
  expect(await pathOf('one')).toBeUndefined()
})

it('makes room at the cost of what was used longest ago, and keeps nothing that is larger than all its room', async () => {
  expect(await spool.begin(9 * GiB)).toBeUndefined()
  await keep('one', '1', 2 * GiB)
  now += 1
  for (const hash of ['two', 'three', 'four', 'five']) await keep(hash, '2', 2 * GiB)
  const kept = await Promise.all(['one', 'two', 'five'].map(pathOf))
  expect(kept.map((path) => path !== undefined)).toEqual([false, true, true])
})

it('leaves nothing behind: not what was discarded, nor when it ends, nor what a process before it left', async () => {
  await (await spool.begin(1))?.discard()
  expect(await readdir(directory)).toEqual([])
  await keep('one', '1')
  await spool.close()
  await expect(readdir(directory)).rejects.toThrow('ENOENT')
  await mkdir(directory)
  await writeFile(join(directory, 'left'), 'by another')
  spool = await open()
  expect(await readdir(directory)).toEqual([])
})

it('gives what is staged away, once, as a file like any other', async () => {
  const staging = join(directory, '..')
  await keep('one', 'a content', 9, staging)
  expect(Buffer.from((await spool.read('one', 2, 3)) ?? []).toString()).toBe('con')
  const given = await spool.find('one')
  expect(given).toEqual({ path: expect.stringContaining(join(staging, 'staged-')), blocks })
  expect(stagedBy(basename(given?.path ?? ''))).toBe(process.pid)
  expect((await stat(given?.path ?? '')).mode & 0o777).toBe(0o666 & ~process.umask())
  await rename(given?.path ?? '', join(staging, 'taken'))
  expect(await spool.find('one')).toBeUndefined()
  expect(await spool.read('one', 0, 1)).toBeUndefined()
  await spool.close()
  expect(await readFile(join(staging, 'taken'), 'utf8')).toBe('a content')
})

it('removes what is staged and not taken: after a while, and when it ends', async () => {
  const staging = join(directory, '..')
  await keep('one', '1', 1, staging)
  await keep('two', '2', 1, staging)
  await spool.find('one')
  now += 40_000
  due?.()
  await expect.poll(() => readdir(staging)).toEqual(['spool'])
  await keep('one', '1', 1, staging)
  await spool.find('one')
  await keep('two', '2', 1, staging)
  await spool.close()
  expect(await readdir(staging)).toEqual([])
})

it('keeps a content in its own directory where the staging directory is gone', async () => {
  await keep('one', '1', 1, join(directory, 'gone'))
  expect(await readFile((await pathOf('one')) ?? '', 'utf8')).toBe('1')
  expect(warnings.splice(0)).toEqual([
    'A large content cannot be written where it will get its name, and is copied there later',
  ])
})

it.each([64, 65])(
  'puts %d MiB and some bytes where they belong, whatever the memory that they are in',
  async (size) => {
    const MiB = 1024 * 1024
    const file = await spool.begin(size * MiB + 5)
    const pool = new BufferPool(MiB)
    for (let at = 0; at < size; at++) {
      const buffer = at % 2 === 0 ? pool.take() : Buffer.alloc(MiB)
      await file?.write(buffer.fill(at), at * MiB)
    }
    await file?.write(Buffer.alloc(5, 'e'), size * MiB)
    await file?.keep('one', blocks)
    const found = await readFile((await pathOf('one')) ?? '')
    expect(found.byteLength).toBe(size * MiB + 5)
    const wrong = Array.from({ length: size }, (_, at) => at).filter((at) =>
      found.subarray(at * MiB, (at + 1) * MiB).some((byte) => byte !== at),
    )
    expect(wrong).toEqual([])
    expect(found.subarray(size * MiB).toString()).toBe('eeeee')
  },
)
