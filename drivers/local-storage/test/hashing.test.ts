import { closeSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { BlockHash, HASH_BLOCK_SIZE } from '@onitu/protocol'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { tokenOf } from '../src/token.ts'
import { hashLargeFile } from '../src/worker/hash-file.ts'
import { HashHelper } from '../src/worker/hash-helper.ts'
import { type SharedBlocks, takeBlock } from '../src/worker/shared-blocks.ts'
import { temporaryFolder } from './open-storage.ts'

const SHARED = 64 * HASH_BLOCK_SIZE

/** A file in which each block is another one, and its hash as one thread makes it. */
async function makeFile(size: number) {
  const path = `${temporaryFolder()}/file`
  const hash = new BlockHash()
  const fd = openSync(path, 'w')
  for (let at = 0; at < size; at += HASH_BLOCK_SIZE) {
    const block = Buffer.alloc(Math.min(HASH_BLOCK_SIZE, size - at), at / HASH_BLOCK_SIZE)
    writeSync(fd, block)
    await hash.update(block)
  }
  closeSync(fd)
  return { path, token: tokenOf(statSync(path, { bigint: true })), hash: await hash.digest() }
}

function openHelper(idleAfter?: number): HashHelper {
  const helper = new HashHelper(idleAfter)
  onTestFinished(() => helper.close())
  return helper
}

/** A helper that does with the blocks what the test wants. */
function fakeHelper(help: (blocks: SharedBlocks) => void): HashHelper {
  const helper = openHelper()
  vi.spyOn(helper, 'help').mockImplementation(async (blocks) => help(blocks))
  return helper
}

// As on a processor with instructions for SHA-256, whatever there is here.
beforeEach(() => {
  vi.spyOn(BlockHash, 'isElsewhere', 'get').mockReturnValue(false)
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
})

it.each([SHARED, SHARED + 1, SHARED + 3 * HASH_BLOCK_SIZE - 1])(
  'a file of %i bytes has the same hash when two threads make it',
  async (size) => {
    const { path, token, hash } = await makeFile(size)
    const helper = openHelper()
    const help = vi.spyOn(helper, 'help')
    expect(await hashLargeFile(path, token, size, { helper })).toEqual({ hash })
    expect(await hashLargeFile(path, token, size, { helper })).toEqual({ hash })
    expect(help).toHaveBeenCalledTimes(2)
  },
)

it('where hashing is slow it is left to the pool, which has more threads', async () => {
  vi.spyOn(BlockHash, 'isElsewhere', 'get').mockReturnValue(true)
  const { path, token, hash } = await makeFile(SHARED)
  const helper = fakeHelper(() => expect.fail('asked'))
  expect(await hashLargeFile(path, token, SHARED, { helper })).toEqual({ hash })
})

it('several large files at once share the other thread', async () => {
  const helper = openHelper()
  const files = await Promise.all([SHARED, SHARED + 5, SHARED + 7].map((size) => makeFile(size)))
  const hashed = files.map(({ path, token }) => hashLargeFile(path, token, statSync(path).size, { helper }))
  expect(await Promise.all(hashed)).toEqual(files.map(({ hash }) => ({ hash })))
})

it('a smaller file needs no other thread', async () => {
  const { path, token, hash } = await makeFile(SHARED - 1)
  const helper = fakeHelper(() => expect.fail('asked'))
  expect(await hashLargeFile(path, token, SHARED - 1, { helper })).toEqual({ hash })
})

it('blocks that the other thread took and did not hash are hashed here', async () => {
  const { path, token, hash } = await makeFile(SHARED + 5)
  const helper = fakeHelper((blocks) => {
    for (const _ of [1, 2, 3]) takeBlock(blocks)
  })
  expect(await hashLargeFile(path, token, SHARED + 5, { helper })).toEqual({ hash })
})

it('a file that becomes shorter meanwhile has changed, whichever thread finds it', async () => {
  const { path, token } = await makeFile(SHARED)
  const helper = openHelper()
  const help = helper.help.bind(helper)
  vi.spyOn(helper, 'help').mockImplementation((blocks) => {
    truncateSync(path, SHARED / 2)
    return help(blocks)
  })
  expect(await hashLargeFile(path, token, SHARED, { helper })).toBe('changed')
})

it('a file that is changed in place while it is read has changed', async () => {
  const { path, token } = await makeFile(SHARED)
  const helper = fakeHelper(() => writeFileSync(path, 'x', { flag: 'r+' }))
  expect(await hashLargeFile(path, token, SHARED, { helper })).toBe('changed')
})

it('nobody reads a file any more that is not wanted', async () => {
  const { path, token } = await makeFile(SHARED)
  let asked = 0
  let shared: SharedBlocks | undefined
  const helper = fakeHelper((blocks) => {
    shared = blocks
  })
  expect(await hashLargeFile(path, token, SHARED, { helper, wanted: () => ++asked < 10 })).toBe('changed')
  expect(asked).toBe(10)
  expect(shared && takeBlock(shared)).toBeUndefined()
  expect(shared).toBeDefined()
})

it('a helper that was closed while it hashed leaves the rest to the other thread', async () => {
  const { path, token, hash } = await makeFile(SHARED)
  const helper = openHelper()
  const hashed = hashLargeFile(path, token, SHARED, { helper })
  await helper.close()
  expect(await hashed).toEqual({ hash })
  await helper.close()
})

it('the other thread ends when it has nothing to do, and comes back', async () => {
  const { path, token, hash } = await makeFile(SHARED)
  const terminate = vi.spyOn(Worker.prototype, 'terminate')
  const helper = openHelper(1)
  for (const times of [1, 2]) {
    expect(await hashLargeFile(path, token, SHARED, { helper })).toEqual({ hash })
    await expect.poll(() => terminate.mock.settledResults.filter(({ type }) => type === 'fulfilled').length).toBe(times)
  }
})
