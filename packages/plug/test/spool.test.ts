import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Clock, realClock } from '../src/engine.ts'
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

async function keep(hash: string, text: string, size = text.length): Promise<void> {
  const file = await spool.begin(size)
  await file?.write(Buffer.from(text), 0)
  await file?.keep(hash)
}

it('gives what was kept, by its hash, in any piece', async () => {
  await keep('one', 'a content')
  expect(Buffer.from((await spool.read('one', 2, 3)) ?? []).toString()).toBe('con')
  expect(await readFile(spool.path('one') ?? '', 'utf8')).toBe('a content')
  expect(await spool.read('two', 0, 1)).toBeUndefined()
})

it('gives nothing where what was kept ends too soon, or goes away while it is read', async () => {
  await keep('one', 'a content')
  await truncate(spool.path('one') ?? '', 4)
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
  expect(spool.path('one')).toBeUndefined()
})

it('makes room at the cost of what was used longest ago, and keeps nothing that is larger than all its room', async () => {
  expect(await spool.begin(9 * GiB)).toBeUndefined()
  await keep('one', '1', 2 * GiB)
  now += 1
  for (const hash of ['two', 'three', 'four', 'five']) await keep(hash, '2', 2 * GiB)
  const kept = ['one', 'two', 'five'].map((hash) => spool.path(hash) !== undefined)
  expect(kept).toEqual([false, true, true])
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
