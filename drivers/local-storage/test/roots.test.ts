import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { context, type FakePlug, metadata } from './fake-plug.ts'
import { open, temporaryFolder } from './open-storage.ts'

/** A root with two files that were reported, and the driver stopped. */
async function stopped() {
  const root = `${temporaryFolder()}/root`
  const first = await open(root)
  for (const name of ['one', 'two']) writeFileSync(`${root}/${name}`, name)
  await first.catchUp()
  await first.storage.close()
  return { root, before: first.plug }
}

const paths = (plug: FakePlug) => [...plug.known.values()].map(({ path }) => path).sort()

it('makes the root and its marker the first time', async () => {
  const root = `${temporaryFolder()}/not/there/yet`
  const { plug } = await open(root)
  expect(readFileSync(`${root}/.onitu/folder`, 'utf8')).toBe('test:docs\n')
  expect(plug.availability).toEqual([{ folder: 'docs', available: true }])
})

it('never makes a known root again, and reports no deletions while it is gone', async () => {
  const { root, before } = await stopped()
  renameSync(root, `${root}-elsewhere`)
  const { plug, catchUp } = await open(root, { before })
  await catchUp()
  expect(existsSync(root)).toBe(false)
  expect(plug.availability).toMatchObject([{ available: false, reason: expect.stringContaining(root) }])
  expect(plug.changes).toEqual([])
  const writing = plug.use('uploadFile')(metadata('docs', 'x'), new Uint8Array(), { ...context(), token: null })
  await expect(writing).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })

  renameSync(`${root}-elsewhere`, root)
  rmSync(`${root}/one`)
  await catchUp()
  expect(plug.availability.at(-1)).toEqual({ folder: 'docs', available: true })
  expect(plug.changes).toEqual([{ type: 'deleted', folder: 'docs', path: 'one' }])
})

it('takes an emptied root for unavailable until its control directory is made', async () => {
  const { root, before } = await stopped()
  rmSync(root, { recursive: true })
  mkdirSync(root)
  const { plug, catchUp } = await open(root, { before })
  await catchUp()
  expect(plug.changes).toEqual([])
  expect(plug.availability).toMatchObject([
    { available: false, reason: expect.stringContaining(`mkdir '${root}/.onitu'`) },
  ])
  mkdirSync(`${root}/.onitu`)
  await catchUp()
  expect(plug.availability.at(-1)).toEqual({ folder: 'docs', available: true })
  expect(plug.changes.map(({ type, path }) => [type, path]).sort()).toEqual([
    ['deleted', 'one'],
    ['deleted', 'two'],
  ])
})

it('refuses the root of another folder', async () => {
  const { root, before } = await stopped()
  writeFileSync(`${root}/.onitu/folder`, 'test:photos\n')
  const { plug, catchUp } = await open(root, { before })
  await catchUp()
  expect(plug.availability).toMatchObject([{ available: false, reason: expect.stringContaining('test:photos') }])
  expect(plug.changes).toEqual([])
})

it('comes back by itself when a root that was moved away while running returns', async () => {
  const root = `${temporaryFolder()}/root`
  const { plug, catchUp } = await open(root)
  writeFileSync(`${root}/file`, 'x')
  await catchUp()
  plug.changes.length = 0
  renameSync(root, `${root}-away`)
  await vi.waitFor(() => expect(plug.availability.at(-1)).toMatchObject({ available: false }), { timeout: 10_000 })
  writeFileSync(`${root}-away/new`, 'y')
  renameSync(`${root}-away`, root)
  await vi.waitFor(() => expect(paths(plug)).toEqual(['file', 'new']), { timeout: 10_000 })
  writeFileSync(`${root}/later`, 'z')
  await vi.waitFor(() => expect(paths(plug)).toEqual(['file', 'later', 'new']))
  expect(plug.changes.map(({ type }) => type)).not.toContain('deleted')
})

it('notices that the root was replaced by another directory while running', async () => {
  const root = `${temporaryFolder()}/root`
  const { plug, catchUp } = await open(root)
  writeFileSync(`${root}/file`, 'x')
  await catchUp()
  plug.changes.length = 0
  renameSync(root, `${root}-away`)
  mkdirSync(root)
  await catchUp()
  expect(plug.availability.at(-1)).toMatchObject({ available: false })
  expect(plug.changes).toEqual([])
})

it('reports no deletions when everything in the root is removed with the marker', async () => {
  const root = `${temporaryFolder()}/root`
  const { plug, catchUp } = await open(root)
  for (let index = 0; index < 200; index++) writeFileSync(`${root}/${index}`, 'x')
  await catchUp()
  plug.changes.length = 0
  rmSync(`${root}/.onitu`, { recursive: true })
  for (let index = 0; index < 200; index++) rmSync(`${root}/${index}`)
  await catchUp()
  // A file that was read in the tick in which it was written may be read and told of once more, as what it is.
  expect(plug.changes.filter(({ type }) => type !== 'updated')).toEqual([])
  expect(plug.availability.at(-1)).toMatchObject({ available: false })
})

it('finds what changed while it was not running: also an older time, a move, a deletion', async () => {
  const root = `${temporaryFolder()}/root`
  const first = await open(root)
  for (const name of ['changed', 'moved', 'deleted', 'same']) writeFileSync(`${root}/${name}`, name)
  await first.catchUp()
  await first.storage.close()
  writeFileSync(`${root}/changed`, 'CHANGED')
  utimesSync(`${root}/changed`, 1000, 1000)
  mkdirSync(`${root}/dir`)
  renameSync(`${root}/moved`, `${root}/dir/moved`)
  rmSync(`${root}/deleted`)
  const { plug, catchUp } = await open(root, { before: first.plug })
  await catchUp()
  const seen = plug.changes.map((change) => [change.type, change.path]).sort()
  expect(seen).toEqual([
    ['deleted', 'deleted'],
    ['moved', 'dir/moved'],
    ['updated', 'changed'],
    ['updated', 'dir'],
  ])
})

it('reports again what could not be written the first time', async () => {
  const root = temporaryFolder()
  const { plug } = await open(root)
  plug.refuse = new Error('the database is away')
  writeFileSync(`${root}/file`, 'x')
  await vi.waitFor(() => expect(plug.logs.some((line) => line.includes('tried again'))).toBe(true))
  expect(plug.known.size).toBe(0)
  plug.refuse = undefined
  await vi.waitFor(() => expect(plug.known.size).toBe(1), { timeout: 10_000 })
})

it('does not report late what has become something else meanwhile', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  plug.refuse = new Error('the database is away')
  writeFileSync(`${root}/file`, 'x')
  await vi.waitFor(() => expect(plug.logs.some((line) => line.includes('tried again'))).toBe(true))
  rmSync(`${root}/file`)
  writeFileSync(`${root}/other`, 'y')
  await vi.waitFor(() => expect(plug.logs.filter((line) => line.includes('tried again')).length).toBeGreaterThan(1))
  plug.refuse = undefined
  await catchUp()
  expect(plug.changes.filter(({ type, path }) => type === 'updated' && path === 'file')).toEqual([])
  expect([...plug.known.values()].map(({ path }) => path)).toEqual(['other'])
})

it('has caught up when what was written late is right again', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  const report = plug.report.bind(plug)
  let attempts = 0
  plug.report = async (changes) => {
    if (++attempts === 1) throw new Error('the database is away')
    // As though an older report had reached it last.
    if (attempts === 2) plug.known.set('docs\0gone', { ...metadata('docs', 'gone'), token: 'f1-1-1-644' })
    await report(changes)
  }
  writeFileSync(`${root}/file`, 'x')
  await catchUp()
  expect([...plug.known.values()].map(({ path }) => path)).toEqual(['file'])
})

it('asks for what is known once at a time', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  writeFileSync(`${root}/file`, 'x')
  await catchUp()
  const list = plug.list.bind(plug)
  const listed = { running: 0, most: 0, count: 0 }
  plug.list = async function* (folder) {
    listed.count++
    listed.most = Math.max(listed.most, ++listed.running)
    await vi.waitFor(() => expect(plug.known.size).toBe(3), { timeout: 10_000 })
    // By the time when the driver has answered this twice it has heard that both were written.
    const read = () => plug.use('listHistory')('docs', [], context())
    await read().then(read)
    yield* list(folder)
    listed.running--
  }
  plug.refuse = new Error('the database is away')
  for (const [at, name] of ['a', 'b'].entries()) {
    writeFileSync(`${root}/${name}`, name)
    await vi.waitFor(() => expect(plug.logs.filter((line) => line.includes('tried again')).length).toBeGreaterThan(at))
  }
  plug.refuse = undefined
  await catchUp()
  expect(listed).toMatchObject({ running: 0, most: 1 })
  expect(listed.count).toBeGreaterThan(0)
})

it('pairs a move between two folders of the service', async () => {
  const parent = temporaryFolder()
  const { plug, root, catchUp } = await open(`${parent}/a`, { others: [`${parent}/b`] })
  writeFileSync(`${root}/file`, 'x')
  await catchUp()
  renameSync(`${root}/file`, `${parent}/b/file`)
  await catchUp()
  expect(plug.changes.at(-1)).toMatchObject({ type: 'moved', from: { folder: 'docs' }, folder: 'other0', path: 'file' })
})

it('can be written to as soon as it is said to be there again', async () => {
  const { root, before } = await stopped()
  renameSync(root, `${root}-elsewhere`)
  const { plug, catchUp } = await open(root, { before })
  const outcomes: Promise<unknown>[] = []
  const setAvailable = plug.setAvailable.bind(plug)
  plug.setAvailable = async (folder, available, reason) => {
    await setAvailable(folder, available, reason)
    if (!available) return
    const writing = plug.use('uploadFile')(metadata('docs', 'x'), new Uint8Array(), { ...context(), token: null })
    outcomes.push(Promise.allSettled([writing]))
  }
  renameSync(`${root}-elsewhere`, root)
  await catchUp()
  expect(await Promise.all(outcomes)).toMatchObject([[{ status: 'fulfilled' }]])
  expect(existsSync(`${root}/x`)).toBe(true)
})
