import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { contentHash } from '@onitu/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { context, metadata } from './fake-plug.ts'
import { type Opened, type OpenOptions, open, temporaryFolder } from './open-storage.ts'

const DAY = 24 * 60 * 60 * 1000
const month = { age: 30 * DAY, size: null }
const openKeeping = (root: string, options: OpenOptions = {}) => open(root, { history: month, ...options })

const described = (path: string, content: string) => {
  const bytes = Buffer.from(content)
  return { bytes, metadata: metadata('docs', path, { size: bytes.byteLength, hash: contentHash(bytes) }) }
}
const kept = (content: string) => ({ hash: contentHash(Buffer.from(content)), size: Buffer.byteLength(content) })

const write = (opened: Opened, path: string, content: string, over?: { token: string; content: string }) => {
  const { bytes, metadata: given } = described(path, content)
  const replaces = over === undefined ? { token: null } : { token: over.token, replaced: kept(over.content) }
  return opened.plug.use('uploadFile')(given, bytes, { ...context(), ...replaces })
}

/** Relative to the history: DAY/FILE. */
const files = (root: string): string[] => {
  const history = `${root}/.onitu/history`
  if (!existsSync(history)) return []
  const days = readdirSync(history).sort()
  return days.flatMap((day) => readdirSync(`${history}/${day}`).map((file) => `${day}/${file}`)).sort()
}
const contents = (root: string) => files(root).map((file) => readFileSync(`${root}/.onitu/history/${file}`, 'utf8'))

const read = async (opened: Opened, content: string, offset = 0, size = 100) => {
  const { hash } = kept(content)
  return Buffer.from(await opened.plug.use('getHistoryChunk')('docs', hash, offset, size, context())).toString()
}

it('keeps what is replaced, with its own time, and gives it back by its hash', async () => {
  const opened = await openKeeping(temporaryFolder())
  const before = Date.now()
  const { bytes, metadata: first } = described('a/notes.txt', 'one')
  const old = { ...first, mtime: 1_000_000_000_000 }
  const one = await opened.plug.use('uploadFile')(old, bytes, { ...context(), token: null })
  const two = await write(opened, 'a/notes.txt', 'two', { ...one, content: 'one' })
  await write(opened, 'a/notes.txt', 'three', { ...two, content: 'two' })
  expect(contents(opened.root).sort()).toEqual(['one', 'two'])
  expect(readFileSync(`${opened.root}/a/notes.txt`, 'utf8')).toBe('three')
  expect(files(opened.root).every((file) => file.endsWith('-notes.txt'))).toBe(true)
  const times = files(opened.root).map((file) => statSync(`${opened.root}/.onitu/history/${file}`).mtimeMs)
  expect(times).toContain(1_000_000_000_000)
  const hashes = ['one', 'two', 'three'].map((content) => kept(content).hash)
  const entries = await opened.plug.use('listHistory')('docs', hashes, context())
  expect(entries.map(({ hash, size }) => ({ hash, size }))).toEqual(expect.arrayContaining([kept('one'), kept('two')]))
  expect(entries).toHaveLength(2)
  for (const { since } of entries) expect(since >= before && since <= Date.now()).toBe(true)
  expect(await read(opened, 'one')).toBe('one')
  expect(await read(opened, 'two', 1, 1)).toBe('w')
  await expect(read(opened, 'three')).rejects.toMatchObject({ code: 'CHANGED' })
})

it('keeps what is replaced by an upload in chunks', async () => {
  const opened = await openKeeping(temporaryFolder())
  const { token } = await write(opened, 'file', 'one')
  const { bytes, metadata: next } = described('file', 'two')
  const state = await opened.plug.use('startUpload')(next, { ...context(), token })
  await opened.plug.use('uploadChunk')(next, 0, bytes, { ...context(), state })
  await opened.plug.use('endUpload')(next, { ...context(), state, token, replaced: kept('one') })
  expect(contents(opened.root)).toEqual(['one'])
  expect(readFileSync(`${opened.root}/file`, 'utf8')).toBe('two')
})

it('keeps what is deleted', async () => {
  const opened = await openKeeping(temporaryFolder())
  const { token } = await write(opened, 'file', 'one')
  await opened.plug.use('deleteFile')(described('file', 'one').metadata, { ...context(), token })
  expect(existsSync(`${opened.root}/file`)).toBe(false)
  expect(await read(opened, 'one')).toBe('one')
})

it('reports nothing of what it keeps, and nothing because of it', async () => {
  const opened = await openKeeping(temporaryFolder())
  const one = await write(opened, 'file', 'one')
  const two = await write(opened, 'file', 'two', { ...one, content: 'one' })
  await opened.plug.use('deleteFile')(described('file', 'two').metadata, { ...context(), token: two.token })
  await opened.catchUp()
  expect(opened.plug.changes).toEqual([])
  const again = await open(opened.root, { before: opened.plug, history: month })
  await again.catchUp()
  expect(again.plug.changes).toEqual([])
  expect(contents(opened.root).sort()).toEqual(['one', 'two'])
})

it('has nothing after a first copy, after refused writes, and where it is off', async () => {
  const opened = await openKeeping(temporaryFolder())
  const { token } = await write(opened, 'file', 'one')
  writeFileSync(`${opened.root}/file`, 'of a user')
  await expect(write(opened, 'file', 'two', { token, content: 'one' })).rejects.toMatchObject({ code: 'CONFLICT' })
  const deletion = opened.plug.use('deleteFile')(described('file', 'one').metadata, { ...context(), token })
  await expect(deletion).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(existsSync(`${opened.root}/.onitu/history`)).toBe(false)
  const off = await open(temporaryFolder())
  const one = await write(off, 'file', 'one')
  await write(off, 'file', 'two', { ...one, content: 'one' })
  expect(existsSync(`${off.root}/.onitu/history`)).toBe(false)
})

it('does not give what a program went on writing to as if it had the size that it had', async () => {
  const opened = await openKeeping(temporaryFolder())
  const { token } = await write(opened, 'file', 'one')
  linkSync(`${opened.root}/file`, `${opened.root}/.onitu/open`)
  await write(opened, 'file', 'two', { token, content: 'one' })
  writeFileSync(`${opened.root}/.onitu/open`, 'one and more')
  await expect(read(opened, 'one')).rejects.toMatchObject({ code: 'CHANGED' })
})

/** Three contents of 1000 bytes, kept in this order; gives their names in the history. */
const keepThree = async (root: string) => {
  const opened = await openKeeping(root)
  for (const name of ['a', 'b', 'c']) {
    const { token } = await write(opened, name, name.repeat(1000))
    await opened.plug.use('deleteFile')(described(name, name.repeat(1000)).metadata, { ...context(), token })
  }
  await opened.storage.close()
  const found = files(root)
  expect(found).toHaveLength(3)
  return found
}

/** As if it had been kept so many days earlier. */
const age = (root: string, file: string, days: number) => {
  const [day = '', name = ''] = file.split('/')
  const earlier = new Date(Date.parse(day) - days * DAY).toISOString().slice(0, 10)
  mkdirSync(`${root}/.onitu/history/${earlier}`, { recursive: true })
  renameSync(`${root}/.onitu/history/${file}`, `${root}/.onitu/history/${earlier}/${name}`)
}
const names = (root: string) =>
  files(root)
    .map((file) => file.at(-1))
    .sort()

it('loses at a start what is too old, whatever the time of the file is', async () => {
  const root = temporaryFolder()
  const [first = '', second = ''] = await keepThree(root)
  age(root, first, 31)
  age(root, second, 29)
  await openKeeping(root)
  await expect.poll(() => names(root)).toEqual(['b', 'c'])
  await expect.poll(() => readdirSync(`${root}/.onitu/history`)).toHaveLength(2)
})

it('loses the oldest when there is too much, at a start and while it runs, but never the newest', async () => {
  const root = temporaryFolder()
  await keepThree(root)
  const opened = await open(root, { history: { age: 30 * DAY, size: 2000 } })
  await expect.poll(() => names(root)).toEqual(['b', 'c'])
  const { token } = await write(opened, 'd', 'd'.repeat(5000))
  await opened.plug.use('deleteFile')(described('d', 'd'.repeat(5000)).metadata, { ...context(), token })
  await expect.poll(() => names(root), { timeout: 5000 }).toEqual(['d'])
})

it('leaves what is not its own in the history, and goes on where it cannot be made', async () => {
  const root = temporaryFolder()
  mkdirSync(`${root}/.onitu/history/2001-01-01`, { recursive: true })
  writeFileSync(`${root}/.onitu/history/2001-01-01/mine`, 'of a user')
  const opened = await openKeeping(root)
  await keepThree(temporaryFolder())
  expect(readFileSync(`${root}/.onitu/history/2001-01-01/mine`, 'utf8')).toBe('of a user')
  renameSync(`${root}/.onitu/history`, `${root}/.onitu/aside`)
  writeFileSync(`${root}/.onitu/history`, 'a file')
  const { token } = await write(opened, 'file', 'one')
  await write(opened, 'file', 'two', { token, content: 'one' })
  expect(readFileSync(`${root}/file`, 'utf8')).toBe('two')
  expect(opened.plug.logs.join()).toContain('cannot be kept')
})

it('gives way, the oldest first, to what finds the disk full', async (test) => {
  const root = temporaryFolder()
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]).status !== 0)
    return test.skip('needs the right to mount a tmpfs')
  onTestFinished(() => void execFileSync('umount', ['-l', root]))
  const opened = await openKeeping(root)
  for (const name of ['a', 'b', 'c']) {
    const { token } = await write(opened, name, name.repeat(200_000))
    await opened.plug.use('deleteFile')(described(name, name.repeat(200_000)).metadata, { ...context(), token })
  }
  await write(opened, 'small', 's'.repeat(500_000))
  expect(names(root)).toEqual(['b', 'c'])
  // Not even without all of the history would there be room for it.
  await expect(write(opened, 'large', 'l'.repeat(2_000_000))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(names(root)).toEqual(['b', 'c'])
  const { bytes, metadata: chunked } = described('chunked', 'k'.repeat(450_000))
  const state = await opened.plug.use('startUpload')(chunked, { ...context(), token: null })
  for (const offset of [0, 225_000])
    await opened.plug.use('uploadChunk')(chunked, offset, bytes.subarray(offset, offset + 225_000), {
      ...context(),
      state,
    })
  await opened.plug.use('endUpload')(chunked, { ...context(), state, token: null })
  expect(names(root)).toEqual([])
  await expect(write(opened, 'more', 'm'.repeat(500_000))).rejects.toMatchObject({ code: 'ENOSPC' })
})
