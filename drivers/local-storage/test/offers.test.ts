import { mkdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { contentHash } from '@onitu/protocol'
import { expect, it } from 'vitest'
import { open, temporaryFolder } from './open-storage.ts'

const LARGE = 64 * 1024 * 1024
const HASH = 'f'.repeat(64)

/** A file without blocks on the disk, which appears at once. */
function makeLarge(root: string, path: string, size = LARGE): void {
  const aside = `${temporaryFolder()}/large`
  writeFileSync(aside, '')
  truncateSync(aside, size)
  renameSync(aside, `${root}/${path}`)
}

it('offers a large new file before it is read, and reports it with the hash that whoever took it says', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  const offers: unknown[] = []
  plug.take = async (file, from) => {
    offers.push([file, from])
    return HASH
  }
  mkdirSync(`${root}/below`)
  makeLarge(root, 'below/large')
  await catchUp()
  const known = await plug.getMetadata('docs', 'below/large')
  expect(known?.hash).toBe(HASH)
  const { size, mtime, mode } = known ?? {}
  expect(offers).toEqual([[{ folder: 'docs', path: 'below/large', size, mtime, mode }, `${root}/below/large`]])
})

it('reads it where nobody takes it', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  makeLarge(root, 'large')
  await catchUp()
  expect((await plug.getMetadata('docs', 'large'))?.hash).toBe(contentHash(Buffer.alloc(LARGE)))
})

it('takes no hash for a file that was written to meanwhile', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  let offers = 0
  plug.take = async (_file, from) => {
    if (++offers > 1) return undefined
    truncateSync(from, LARGE + 1)
    return HASH
  }
  makeLarge(root, 'large')
  await catchUp()
  await expect.poll(async () => (await plug.getMetadata('docs', 'large'))?.size).toBe(LARGE + 1)
  expect(plug.changes.map((change) => change.type === 'updated' && change.hash)).toEqual([
    contentHash(Buffer.alloc(LARGE + 1)),
  ])
})

it('does not offer what is read in no time', async () => {
  const { plug, root, catchUp } = await open(temporaryFolder())
  plug.take = async () => HASH
  makeLarge(root, 'smaller', LARGE - 1)
  await catchUp()
  expect((await plug.getMetadata('docs', 'smaller'))?.hash).toBe(contentHash(Buffer.alloc(LARGE - 1)))
})
