import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { ContentHash, contentHash, stagedName } from '@onitu/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { context, metadata } from './fake-plug.ts'
import { type Opened, open, temporaryFolder } from './open-storage.ts'

const MIB = 1024 * 1024
const write = (opened: Opened, path: string, content: string, token: string | null = null, fields = {}) => {
  const bytes = Buffer.from(content)
  const given = metadata('docs', path, { size: bytes.byteLength, hash: contentHash(bytes), ...fields })
  return opened.plug.use('uploadFile')(given, bytes, { ...context(), token })
}
const temporaries = (root: string) => readdirSync(`${root}/.onitu/tmp`)

it('writes files with content, exact time and mode, and makes the directories above them', async () => {
  const opened = await open(temporaryFolder())
  const mtime = 1763932485123.457
  const stored = await write(opened, 'a/b/c.txt', 'content', null, { mtime, mode: 0o606 })
  const path = `${opened.root}/a/b/c.txt`
  expect(readFileSync(path, 'utf8')).toBe('content')
  expect(lstatSync(path, { bigint: true }).mtimeNs).toBe(1763932485123457000n)
  expect(statSync(path).mode & 0o777).toBe(0o606)
  expect(stored).toMatchObject({ mtime, mode: 0o606 })
  expect(temporaries(opened.root)).toEqual([])
})

it('does not report its own writes, deletions and moves', async () => {
  const opened = await open(temporaryFolder())
  const stored = await Promise.all(Array.from({ length: 200 }, (_, at) => write(opened, `f${at}`, `content ${at}`)))
  const [first, second] = stored
  if (first === undefined || second === undefined) throw new Error('nothing was written')
  await opened.plug.use('deleteFile')(metadata('docs', 'f0'), { ...context(), token: first.token })
  await opened.plug.use('moveFile')(metadata('docs', 'f1'), metadata('docs', 'moved'), {
    ...context(),
    token: second.token,
  })
  const third = await write(opened, 'f2', 'again', stored[2]?.token ?? '')
  await opened.plug.use('setAttributes')(metadata('docs', 'f2', { mode: 0o600, mtime: 5 }), { ...context(), ...third })
  await opened.catchUp()
  expect(opened.plug.changes).toEqual([])
  expect(readdirSync(opened.root)).toHaveLength(200)
})

it('replaces only the state that it may replace', async () => {
  const opened = await open(temporaryFolder())
  const { token } = await write(opened, 'file', 'one', null, { mode: 0o640 })
  await expect(write(opened, 'file', 'new')).rejects.toMatchObject({ code: 'CONFLICT' })
  const second = await write(opened, 'file', 'two', token)
  expect(second.mode).toBe(0o640)
  writeFileSync(`${opened.root}/file`, 'of a user')
  await expect(write(opened, 'file', 'three', second.token)).rejects.toMatchObject({
    code: 'CONFLICT',
    retryable: true,
  })
  await expect(
    opened.plug.use('deleteFile')(metadata('docs', 'file'), { ...context(), token: second.token }),
  ).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(readFileSync(`${opened.root}/file`, 'utf8')).toBe('of a user')
  expect(temporaries(opened.root)).toEqual([])
})

it('never writes, reads or deletes beyond a symbolic link', async () => {
  const opened = await open(temporaryFolder())
  const outside = temporaryFolder()
  writeFileSync(`${outside}/secret`, 'secret')
  symlinkSync(outside, `${opened.root}/link`)
  symlinkSync(`${outside}/secret`, `${opened.root}/file`)
  await opened.catchUp()
  expect(opened.plug.changes).toEqual([])
  expect(opened.plug.problems.map(({ path, code }) => [path, code]).sort()).toEqual([
    ['file', 'SYMLINK'],
    ['link', 'SYMLINK'],
  ])
  await expect(write(opened, 'link/new', 'x')).rejects.toMatchObject({ code: 'SYMLINK', retryable: false })
  await expect(write(opened, 'file', 'x')).rejects.toMatchObject({ code: 'CONFLICT' })
  const reading = { ...context(), token: 'f' }
  await expect(opened.plug.use('getFile')(metadata('docs', 'file'), reading)).rejects.toMatchObject({ code: 'CHANGED' })
  await expect(opened.plug.use('getFile')(metadata('docs', 'link/secret'), reading)).rejects.toMatchObject({
    code: 'SYMLINK',
  })
  await expect(opened.plug.use('deleteFile')(metadata('docs', 'link/secret'), reading)).rejects.toMatchObject({
    code: 'SYMLINK',
  })
  expect(readdirSync(outside)).toEqual(['secret'])
})

it.each(['../x', 'a/../../x', '/etc/x', '.onitu/folder', 'a/.onitu/x', 'a//b', 'nul\0', '.onitu-12.tmp'])(
  'refuses the path %j',
  async (path) => {
    const opened = await open(temporaryFolder())
    await expect(write(opened, path, 'x')).rejects.toMatchObject({ code: 'INVALID_PATH' })
    await expect(opened.plug.use('normalizePath')('docs', path)).rejects.toMatchObject({ code: 'INVALID_PATH' })
  },
)

it.each([
  'new\nline',
  'emoji 🦆',
  'x'.repeat(255),
  'dot.',
  ' space ',
  '-rf',
  'quote\'"',
  'a\u0301',
  '\u00e1',
  '\uFFFD',
])('keeps the name %j', async (name) => {
  const opened = await open(temporaryFolder())
  const { token } = await write(opened, name, name)
  expect(readdirSync(opened.root).sort()).toEqual(['.onitu', name].sort())
  const content = await opened.plug.use('getFile')(metadata('docs', name), { ...context(), token })
  expect(Buffer.from(content).toString()).toBe(name)
  writeFileSync(`${opened.root}/${name}`, 'changed')
  await opened.catchUp()
  expect([...opened.plug.known.values()].map(({ path }) => path)).toEqual([name])
})

it('leaves a name that is not UTF-8 alone and tells of it', async () => {
  const root = temporaryFolder()
  writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([0xff])]), 'x')
  const { plug, catchUp } = await open(root)
  await catchUp()
  expect(plug.known.size).toBe(0)
  expect(plug.problems).toMatchObject([{ code: 'INVALID_NAME' }])
})

it('uploads by chunk, goes on after a restart, and verifies what it resumed', async () => {
  const root = temporaryFolder()
  const content = Buffer.alloc(3 * MIB + 5, 'abcdefg')
  const hash = new ContentHash().update(content).digest()
  const file = metadata('docs', 'dir/large', { size: content.byteLength, hash, mtime: 1000, mode: 0o600, version: 7 })
  const first = await open(root)
  const state = await first.plug.use('startUpload')(file, { ...context(), token: null })
  await first.plug.use('uploadChunk')(file, 0, content.subarray(0, 2 * MIB), { ...context(), state })
  await first.storage.close()

  const second = await open(root, { known: true })
  const offset = await second.plug.use('restartUpload')(file, 2 * MIB, { ...context(), state })
  expect(offset).toBe(2 * MIB)
  await second.plug.use('uploadChunk')(file, offset, content.subarray(offset), { ...context(), state })
  const stored = await second.plug.use('endUpload')(file, { ...context(), state, token: null })
  expect(readFileSync(`${root}/dir/large`).equals(content)).toBe(true)
  const part = await second.plug.use('getChunk')(file, MIB, 100, { ...context(), token: stored.token })
  expect(Buffer.from(part).equals(content.subarray(MIB, MIB + 100))).toBe(true)
  expect(temporaries(root)).toEqual([])
})

it('uploads a large file of any length, in chunks of any size', async () => {
  const { plug, root } = await open(temporaryFolder())
  const content = randomBytes(65 * MIB + 1001)
  const file = metadata('docs', 'large', { size: content.byteLength, hash: contentHash(content), version: 7 })
  const upload = { ...context(), state: await plug.use('startUpload')(file, { ...context(), token: null }) }
  const sizes = [MIB, 8192, 100_001, 2 * MIB]
  for (let at = 0, turn = 0; at < content.byteLength; turn++) {
    const size = sizes[turn < 40 ? turn % 2 : turn % 4] ?? MIB
    await plug.use('uploadChunk')(file, at, content.subarray(at, at + size), upload)
    at += size
  }
  await plug.use('endUpload')(file, { ...upload, token: null })
  expect(readFileSync(`${root}/large`).equals(content)).toBe(true)
})

it('copies blocks of a file of this machine into an upload, of that file only as it was found', async () => {
  const opened = await open(temporaryFolder())
  const from = `${temporaryFolder()}/source`
  const content = Buffer.concat(['a', 'b', 'c', 'd'].map((fill) => Buffer.alloc(MIB, fill)))
  writeFileSync(from, content)
  const given = metadata('docs', 'big', { size: content.byteLength, hash: contentHash(content) })
  const state = await opened.plug.use('startUpload')(given, { ...context(), token: null })
  const copy = (offset: number, size: number) =>
    opened.plug.use('copyChunk')(given, offset, size, { ...context(), state, from })
  const hash = new ContentHash().update(content)
  expect(Buffer.compare(await copy(0, 2 * MIB), hash.blocks.subarray(0, 64))).toBe(0)
  // What is there by now is another file; the one that was begun with is gone on with.
  rmSync(from)
  expect(Buffer.compare(await copy(2 * MIB, 2 * MIB), hash.blocks.subarray(64))).toBe(0)
  await opened.plug.use('endUpload')(given, { ...context(), token: null, state })
  expect(Buffer.compare(readFileSync(`${opened.root}/big`), content)).toBe(0)
  const again = metadata('docs', 'more', { ...given, path: 'more', version: 2 })
  await opened.plug.use('startUpload')(again, { ...context(), token: null })
  const refused = (name: string) =>
    expect(opened.plug.use('copyChunk')(again, 0, MIB, { ...context(), state, from: name })).rejects.toMatchObject({
      code: 'CHANGED',
    })
  await refused(from)
  writeFileSync(from, 'short')
  await refused(from)
  symlinkSync(`${opened.root}/big`, `${from}-link`)
  await refused(`${from}-link`)
  await opened.plug.use('abortUpload')(again, { ...context(), state })
  expect(temporaries(opened.root)).toEqual([])
})

it('takes a file that was staged for the folder as the whole of an upload, and no other file', async () => {
  const opened = await open(temporaryFolder())
  const content = randomBytes(2 * MIB + 5)
  const given = metadata('docs', 'big', { size: content.byteLength, hash: contentHash(content), mtime: 5_000 })
  const staging = await opened.plug.use('stagingDirectory')('docs', context())
  const stage = (name: string, bytes = content) => {
    writeFileSync(`${staging}/${name}`, bytes)
    return `${staging}/${name}`
  }
  const state = await opened.plug.use('startUpload')(given, { ...context(), token: null })
  const adopt = (from: string) => opened.plug.use('adoptFile')(given, { ...context(), state, from })
  const refused = (from: string) => expect(adopt(from)).rejects.toMatchObject({ code: 'CHANGED' })
  await refused(`${staging}/${stagedName()}`)
  await refused(stage(stagedName(), content.subarray(1)))
  await refused(stage('not-staged'))
  writeFileSync(`${opened.root}/mine`, content)
  await refused(`${opened.root}/mine`)
  const elsewhere = `${temporaryFolder()}/${stagedName()}`
  writeFileSync(elsewhere, content)
  await refused(elsewhere)
  const link = `${staging}/${stagedName()}`
  symlinkSync(`${opened.root}/mine`, link)
  await refused(link)
  rmSync(link)
  linkSync(`${opened.root}/mine`, link)
  await refused(link)
  await opened.catchUp()
  opened.plug.changes.splice(0)
  await adopt(stage(stagedName()))
  const stored = await opened.plug.use('endUpload')(given, { ...context(), token: null, state })
  expect(readFileSync(`${opened.root}/big`).equals(content)).toBe(true)
  expect(stored).toMatchObject({ mtime: 5_000 })
  await opened.catchUp()
  expect(opened.plug.changes).toEqual([])
})

it('writes no more into what it has taken: an upload that is begun anew after that is a file of its own', async () => {
  const opened = await open(temporaryFolder())
  const content = Buffer.alloc(MIB + 1, 'a')
  const given = metadata('docs', 'big', { size: content.byteLength, hash: contentHash(content) })
  const staging = await opened.plug.use('stagingDirectory')('docs', context())
  const from = `${staging}/${stagedName()}`
  writeFileSync(from, content)
  const upload = { ...context(), state: await opened.plug.use('startUpload')(given, { ...context(), token: null }) }
  await opened.plug.use('uploadChunk')(given, 0, Buffer.alloc(MIB, 'b'), upload)
  await opened.plug.use('adoptFile')(given, { ...upload, from })
  expect(await opened.plug.use('restartUpload')(given, 0, upload)).toBe(0)
  await opened.plug.use('uploadChunk')(given, 0, content, upload)
  await opened.plug.use('endUpload')(given, { ...upload, token: null })
  expect(readFileSync(`${opened.root}/big`).equals(content)).toBe(true)
  expect(temporaries(opened.root)).toEqual([])
})

it('refuses a resumed upload that lost bytes in a crash', async () => {
  const root = temporaryFolder()
  const content = Buffer.alloc(2 * MIB, 'x')
  const file = metadata('docs', 'large', { size: content.byteLength, hash: contentHash(content), version: 7 })
  const first = await open(root)
  await first.plug.use('startUpload')(file, { ...context(), token: null })
  await first.plug.use('uploadChunk')(file, 0, Buffer.alloc(MIB), { ...context(), state: null })
  await first.storage.close()
  const { plug } = await open(root, { known: true })
  await plug.use('restartUpload')(file, MIB, { ...context(), state: null })
  await plug.use('uploadChunk')(file, MIB, content.subarray(MIB), { ...context(), state: null })
  await expect(plug.use('endUpload')(file, { ...context(), state: null, token: null })).rejects.toMatchObject({
    code: 'DAMAGED',
  })
  expect(existsSync(`${root}/large`)).toBe(false)
  expect(temporaries(root)).toEqual([])
})

it('leaves no trace of an upload that is aborted, superseded or incomplete', async () => {
  const { plug, root, storage } = await open(temporaryFolder())
  const file = metadata('docs', 'large', { size: 10, version: 1 })
  const upload = { ...context(), state: null }
  await plug.use('startUpload')(file, { ...context(), token: null })
  await plug.use('uploadChunk')(file, 0, Buffer.from('half'), upload)
  await expect(plug.use('endUpload')(file, { ...upload, token: null })).rejects.toMatchObject({ code: 'INCOMPLETE' })
  await plug.use('startUpload')({ ...file, version: 2 }, { ...context(), token: null })
  expect(temporaries(root)).toHaveLength(1)
  await plug.use('abortUpload')({ ...file, version: 2 }, upload)
  await plug.use('abortUpload')({ ...file, version: 2 }, upload)
  expect(temporaries(root)).toEqual([])
  await plug.use('startUpload')(file, { ...context(), token: null })
  await storage.close()
  const again = await open(root, { known: true })
  await write(again, 'large', 'in one piece')
  expect(temporaries(root)).toEqual([])
})

it('removes what a killed process was writing, but not what can be resumed', async () => {
  const root = temporaryFolder()
  await (await open(root)).storage.close()
  writeFileSync(`${root}/.onitu/tmp/small-99999999-3`, 'half')
  writeFileSync(`${root}/.onitu-99-3.tmp`, 'half')
  const { fid } = metadata('docs', 'large')
  writeFileSync(`${root}/.onitu/tmp/${fid}-7.part`, 'half')
  const { catchUp, plug } = await open(root, { known: true })
  await catchUp()
  expect(temporaries(root)).toEqual([`${fid}-7.part`])
  expect(readdirSync(root)).toEqual(['.onitu'])
  expect(plug.changes).toEqual([])
})

it('reads only the state that is wanted', async () => {
  const opened = await open(temporaryFolder())
  const { token } = await write(opened, 'file', 'one')
  writeFileSync(`${opened.root}/file`, 'two!')
  const reading = { ...context(), token }
  await expect(opened.plug.use('getFile')(metadata('docs', 'file'), reading)).rejects.toMatchObject({ code: 'CHANGED' })
  await expect(opened.plug.use('getChunk')(metadata('docs', 'file'), 0, 1, reading)).rejects.toMatchObject({
    code: 'CHANGED',
  })
  await expect(opened.plug.use('getFile')(metadata('docs', 'gone'), reading)).rejects.toMatchObject({ code: 'CHANGED' })
})

it('makes and deletes directories, but never one that is not empty', async () => {
  const { plug, root } = await open(temporaryFolder())
  const directory = metadata('docs', 'a/b', { kind: 'directory', mode: 0o500 })
  const stored = await plug.use('createDirectory')(directory, context())
  expect(statSync(`${root}/a/b`).mode & 0o777).toBe(0o700)
  expect(await plug.use('createDirectory')(directory, context())).toEqual(stored)
  writeFileSync(`${root}/a/b/file`, 'x')
  const remove = () => plug.use('deleteFile')(directory, { ...context(), token: stored.token })
  await expect(remove()).rejects.toMatchObject({ code: 'NOT_EMPTY' })
  execFileSync('rm', [`${root}/a/b/file`])
  await remove()
  await remove()
  expect(readdirSync(`${root}/a`)).toEqual([])
})

it('sees what a user puts into a directory that it made itself', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  await plug.use('createDirectory')(metadata('docs', 'made', { kind: 'directory' }), context())
  await catchUp()
  writeFileSync(`${root}/made/file`, 'x')
  await catchUp()
  expect(plug.changes.map(({ path }) => path)).toEqual(['made/file'])
})

it('never moves over a file, and ends a move that a crash cut short', async () => {
  const opened = await open(temporaryFolder())
  const { token } = await write(opened, 'from', 'content')
  writeFileSync(`${opened.root}/taken`, 'of a user')
  const move = (to: string) =>
    opened.plug.use('moveFile')(metadata('docs', 'from'), metadata('docs', to), { ...context(), token })
  await expect(move('taken')).rejects.toMatchObject({ code: 'CONFLICT' })
  linkSync(`${opened.root}/from`, `${opened.root}/to`)
  expect((await move('to')).token).toBe(token)
  expect(readdirSync(opened.root).sort()).toEqual(['.onitu', 'taken', 'to'])
})

it('keeps names apart that differ in case or Unicode form', async () => {
  const opened = await open(temporaryFolder())
  const names = ['readme', 'README', 'e\u0301', '\u00e9']
  for (const name of names) await write(opened, name, name)
  for (const name of names) expect(readFileSync(`${opened.root}/${name}`, 'utf8')).toBe(name)
})

it('tells of a full disk, leaves no trace, and goes on with what fits', async (test) => {
  const root = temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root], { stdio: 'ignore' })
  } catch {
    test.skip('no tmpfs can be mounted here')
  }
  onTestFinished(() => void execFileSync('umount', ['-l', root]))
  const opened = await open(root)
  const results = await Promise.allSettled([
    write(opened, 'large', 'x'.repeat(2 * MIB)),
    write(opened, 'small', 'fits'),
  ])
  expect(results[0]).toMatchObject({
    reason: { code: 'ENOSPC', retryable: true, message: expect.stringContaining('large') },
  })
  expect(results[1]).toMatchObject({ status: 'fulfilled' })
  expect(readdirSync(root).sort()).toEqual(['.onitu', 'small'])
  expect(temporaries(root)).toEqual([])
  await opened.storage.close()
})

it('writes into another file system that is mounted below the root', async (test) => {
  const root = temporaryFolder()
  mkdirSync(`${root}/mounted`)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', `${root}/mounted`], { stdio: 'ignore' })
  } catch {
    test.skip('no tmpfs can be mounted here')
  }
  onTestFinished(() => void execFileSync('umount', ['-l', `${root}/mounted`]))
  const opened = await open(root)
  await opened.catchUp()
  opened.plug.changes.length = 0
  await write(opened, 'mounted/file', 'content', null, { mtime: 1500.25, mode: 0o600 })
  expect(readFileSync(`${root}/mounted/file`, 'utf8')).toBe('content')
  expect(statSync(`${root}/mounted/file`).mode & 0o777).toBe(0o600)
  expect(readdirSync(`${root}/mounted`)).toEqual(['file'])
  await opened.catchUp()
  expect(opened.plug.changes).toEqual([])
  await opened.storage.close()
})

it('tells of a file that cannot be read, without reporting it as deleted', async (test) => {
  if (process.getuid?.() === 0) test.skip('root may read everything')
  const { plug, root, catchUp } = await open(temporaryFolder())
  writeFileSync(`${root}/file`, 'x')
  await catchUp()
  chmodSync(`${root}/file`, 0)
  await catchUp()
  expect(plug.problems).toMatchObject([{ path: 'file', code: 'EACCES' }])
  expect(plug.known.size).toBe(1)
})
