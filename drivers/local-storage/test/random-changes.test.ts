import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { contentHash } from '@onitu/protocol'
import { expect, it } from 'vitest'
import type { FakePlug } from './fake-plug.ts'
import { open, temporaryFolder } from './open-storage.ts'

/** mulberry32: the same seed gives the same changes. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function change(root: string, next: (below: number) => number, step: number): void {
  const directory = () => {
    const depth = next(4)
    const path = [root, ...Array.from({ length: depth }, () => `d${next(3)}`)].join('/')
    mkdirSync(path, { recursive: true })
    return path
  }
  const any = (path: string) => `${path}/${next(4) === 0 ? `d${next(3)}` : `f${next(6)}`}`
  const actions = [
    () => writeFileSync(`${directory()}/f${next(6)}`, `${step}`),
    () => appendFileSync(`${directory()}/f${next(6)}`, `${step}`),
    () => writeFileSync(`${directory()}/f${next(6)}`, `${next(10)}`),
    () => renameSync(any(directory()), any(directory())),
    () => renameSync(any(directory()), any(directory())),
    () => rmSync(any(directory()), { force: true, recursive: true }),
    () => chmodSync(any(directory()), next(2) === 0 ? 0o755 : 0o700),
    () => writeFileSync(`${directory()}/d${next(3)}`, 'a file where directories are made'),
  ]
  try {
    actions[next(actions.length)]?.()
  } catch (error) {
    // Renaming into itself, writing to a directory and the like: such a step changes nothing.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}

function inFolder(root: string, directory = ''): [string, string][] {
  return readdirSync(`${root}/${directory}`).flatMap((name): [string, string][] => {
    if (name === '.onitu') return []
    const path = directory === '' ? name : `${directory}/${name}`
    const stat = lstatSync(`${root}/${path}`)
    const mode = (stat.mode & 0o777).toString(8)
    if (stat.isDirectory()) return [[path, `directory ${mode}`], ...inFolder(root, path)]
    return stat.isFile() ? [[path, `${contentHash(readFileSync(`${root}/${path}`))} ${mode}`]] : []
  })
}

function known(plug: FakePlug): [string, string][] {
  return [...plug.known.values()].map(({ path, kind, hash, mode }) => [
    path,
    `${kind === 'directory' ? kind : hash} ${mode?.toString(8)}`,
  ])
}

const sorted = (entries: [string, string][]) => entries.sort(([a], [b]) => (a < b ? -1 : 1))

it.each([1, 2, 3, 4, 5, 6, 7, 8])('after catchUp the Plug knows what random changes made (seed %i)', async (seed) => {
  const root = temporaryFolder()
  const next = random(seed)
  const opened = await open(root)
  for (let step = 0; step < 1000; step++) {
    change(root, next, step)
    // Sometimes the driver gets to look in the middle of it.
    if (next(40) === 0) await new Promise((resolve) => setTimeout(resolve, next(12)))
    if (next(150) === 0) {
      await opened.catchUp()
      expect(sorted(known(opened.plug))).toEqual(sorted(inFolder(root)))
    }
  }
  await opened.catchUp()
  expect(sorted(known(opened.plug))).toEqual(sorted(inFolder(root)))
  await opened.storage.close()
  for (let step = 0; step < 200; step++) change(root, next, step)
  const again = await open(root, { before: opened.plug })
  await again.catchUp()
  expect(sorted(known(again.plug))).toEqual(sorted(inFolder(root)))
})

it('keeps up with a folder that is renamed while it is written to', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  let directory = `${root}/0`
  mkdirSync(directory)
  for (let index = 0; index < 600; index++) {
    writeFileSync(`${directory}/${index}`, `${index}`)
    if (index % 25 === 0) {
      renameSync(directory, `${root}/${index + 1}`)
      directory = `${root}/${index + 1}`
    }
    if (index % 40 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  await catchUp()
  expect(sorted(known(plug))).toEqual(sorted(inFolder(root)))
})

it('shares a catchUp with others, but not with one that began to look before', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  for (let index = 0; index < 50; index++) {
    writeFileSync(`${root}/${index}`, `${index}`)
    const first = catchUp()
    writeFileSync(`${root}/again-${index}`, `${index}`)
    await Promise.all([catchUp(), catchUp()])
    expect(plug.known.size).toBe(2 * (index + 1))
    await first
  }
})

it('keeps what the others hold when a folder is replaced by a link, and looks at nothing beyond it', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  mkdirSync(`${root}/dir/sub`, { recursive: true })
  writeFileSync(`${root}/dir/sub/file`, 'x')
  await catchUp()
  plug.changes.length = 0
  const outside = `${temporaryFolder()}/dir`
  renameSync(`${root}/dir`, outside)
  symlinkSync(outside, `${root}/dir`)
  await catchUp()
  writeFileSync(`${outside}/sub/file`, 'changed outside')
  await catchUp()
  expect(plug.changes).toEqual([])
  expect(plug.problems).toMatchObject([{ path: 'dir', code: 'SYMLINK' }])
})
