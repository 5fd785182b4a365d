import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { contentHash } from '@onitu/protocol'
import { expect, it, vi } from 'vitest'
import type { FakePlug } from './fake-plug.ts'
import { open, temporaryFolder } from './open-storage.ts'

const paths = (plug: FakePlug) => [...plug.known.values()].map(({ path }) => path).sort()
const hashOf = (text: string) => contentHash(Buffer.from(text))

it('reports what is there at start, with hash, mode and directories', async () => {
  const root = temporaryFolder()
  mkdirSync(`${root}/a/b`, { recursive: true })
  writeFileSync(`${root}/a/b/file`, 'content', { mode: 0o640 })
  const { plug, catchUp } = await open(root)
  await catchUp()
  expect(paths(plug)).toEqual(['a', 'a/b', 'a/b/file'])
  const file = await plug.getMetadata('docs', 'a/b/file')
  expect(file).toMatchObject({ hash: hashOf('content'), size: 7, mode: 0o640, kind: 'file' })
})

it('reports what is in a folder that is only written without reading it', async () => {
  const root = temporaryFolder()
  writeFileSync(`${root}/before`, 'one')
  const { plug, catchUp } = await open(root, { mode: 'w' })
  await catchUp()
  writeFileSync(`${root}/after`, 'two')
  renameSync(`${root}/before`, `${root}/renamed`)
  await catchUp()
  rmSync(`${root}/after`)
  await catchUp()
  const told = plug.changes.map((change) => [change.type, change.path, 'hash' in change ? change.hash : undefined])
  expect(told).toEqual([
    ['updated', 'before', undefined],
    ['moved', 'renamed', expect.anything()],
    ['updated', 'after', undefined],
    ['deleted', 'after', undefined],
  ])
})

it('notices a change by itself', async () => {
  const { plug, root } = await open(temporaryFolder())
  writeFileSync(`${root}/new`, 'one')
  await vi.waitFor(() => expect(plug.known.size).toBe(1))
  appendFileSync(`${root}/new`, ' two')
  await vi.waitFor(async () => expect((await plug.getMetadata('docs', 'new'))?.hash).toBe(hashOf('one two')))
  rmSync(`${root}/new`)
  await vi.waitFor(() => expect(plug.known.size).toBe(0))
})

it('reports 2,000 files made at once in nested new folders', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  for (let index = 0; index < 2000; index++) {
    const directory = `${root}/d${index % 20}/e${index % 100}/f${index % 200}`
    mkdirSync(directory, { recursive: true })
    writeFileSync(`${directory}/${index}`, `content ${index}`)
  }
  await catchUp()
  expect([...plug.known.values()].filter(({ kind }) => kind === 'file')).toHaveLength(2000)
})

it('pairs a renamed file and the files of a renamed folder', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  mkdirSync(`${root}/dir`)
  for (const name of ['one', 'two']) writeFileSync(`${root}/dir/${name}`, name)
  writeFileSync(`${root}/single`, 'single')
  await catchUp()
  plug.changes.length = 0
  renameSync(`${root}/single`, `${root}/dir/moved`)
  await catchUp()
  renameSync(`${root}/dir`, `${root}/other`)
  await catchUp()
  const moves = plug.changes.flatMap((change) => (change.type === 'moved' ? [[change.from.path, change.path]] : []))
  expect(moves).toContainEqual(['single', 'dir/moved'])
  expect(moves.slice(1).sort()).toEqual([
    ['dir/moved', 'other/moved'],
    ['dir/one', 'other/one'],
    ['dir/two', 'other/two'],
  ])
  expect(paths(plug)).toEqual(['other', 'other/moved', 'other/one', 'other/two'])
})

it('pairs files that are renamed into directories made just before, whenever it looks', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  const names = Array.from({ length: 300 }, (_, index) => `file ${index}`)
  for (const name of names) writeFileSync(`${root}/${name}`, name)
  await catchUp()
  plug.changes.length = 0
  for (const [index, name] of names.entries()) {
    mkdirSync(`${root}/in ${name}`)
    // Of the time that passes between an event and the look: each rename comes at another moment of it.
    const until = performance.now() + (index / names.length) * 8
    while (performance.now() < until);
    renameSync(`${root}/${name}`, `${root}/in ${name}/${name}`)
  }
  await catchUp()
  const moved = plug.changes.filter(({ type }) => type === 'moved').map(({ path }) => path)
  expect(moved.sort()).toEqual(names.map((name) => `in ${name}/${name}`).sort())
})

it('tells of what was in a directory before the file that took its place', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  mkdirSync(`${root}/f`)
  writeFileSync(`${root}/f/inside`, 'inside')
  await catchUp()
  plug.changes.length = 0
  rmSync(`${root}/f`, { recursive: true })
  writeFileSync(`${root}/f`, 'a file')
  await catchUp()
  const told = plug.changes.map(({ type, path }) => `${type} ${path}`)
  // A look may fall between the two steps and see that nothing is there.
  expect(told.filter((change) => change !== 'deleted f')).toEqual(['deleted f/inside', 'updated f'])
  expect(told.at(-1)).toBe('updated f')
})

it('reports a change of the permission bits', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  writeFileSync(`${root}/file`, 'x', { mode: 0o600 })
  await catchUp()
  chmodSync(`${root}/file`, 0o750)
  await catchUp()
  expect(await plug.getMetadata('docs', 'file')).toMatchObject({ mode: 0o750 })
})

it('sees a second change of the same size right after the first', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  for (let round = 0; round < 50; round++) {
    writeFileSync(`${root}/file`, `a${round}`.padEnd(8))
    await vi.waitFor(async () =>
      expect((await plug.getMetadata('docs', 'file'))?.hash).toBe(hashOf(`a${round}`.padEnd(8))),
    )
    writeFileSync(`${root}/file`, `b${round}`.padEnd(8))
    await catchUp()
    expect((await plug.getMetadata('docs', 'file'))?.hash).toBe(hashOf(`b${round}`.padEnd(8)))
  }
})

it('finds files moved with a directory that it had not reported before it ended', async () => {
  const root = temporaryFolder()
  mkdirSync(`${root}/a/b`, { recursive: true })
  writeFileSync(`${root}/a/b/file`, 'content')
  const before = await open(root)
  await before.catchUp()
  await before.storage.close()
  for (const [key, { kind }] of before.plug.known) if (kind === 'directory') before.plug.known.delete(key)
  renameSync(`${root}/a`, `${root}/c`)
  const { plug, catchUp } = await open(root, { before: before.plug })
  await catchUp()
  expect(paths(plug)).toEqual(['c', 'c/b', 'c/b/file'])
  expect(plug.changes).toContainEqual(expect.objectContaining({ type: 'moved', path: 'c/b/file' }))
})
