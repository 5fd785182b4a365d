import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ContentHash, contentHash, HASH_BLOCK_SIZE } from './content-hash.ts'

const bytes = (size: number) => Buffer.alloc(size, 'onitu')

describe('contentHash', () => {
  it.each([0, 1, HASH_BLOCK_SIZE - 1, HASH_BLOCK_SIZE])('is the plain sha256 up to one block (%i bytes)', (size) => {
    expect(contentHash(bytes(size))).toBe(createHash('sha256').update(bytes(size)).digest('hex'))
  })

  it('is the sha256 of the digests of the blocks above one block', () => {
    const content = bytes(2 * HASH_BLOCK_SIZE + 5)
    const digests = [0, 1, 2].map((n) =>
      createHash('sha256')
        .update(content.subarray(n * HASH_BLOCK_SIZE, (n + 1) * HASH_BLOCK_SIZE))
        .digest(),
    )
    expect(contentHash(content)).toBe(createHash('sha256').update(Buffer.concat(digests)).digest('hex'))
  })

  it.each([1000, HASH_BLOCK_SIZE, HASH_BLOCK_SIZE + 7])(
    'does not depend on how the content is cut (%i bytes)',
    (cut) => {
      const content = bytes(3 * HASH_BLOCK_SIZE)
      const hash = new ContentHash()
      for (let at = 0; at < content.byteLength; at += cut) hash.update(content.subarray(at, at + cut))
      expect(hash.digest()).toBe(contentHash(content))
    },
  )

  it('resumes behind the blocks that were verified', () => {
    const content = bytes(2 * HASH_BLOCK_SIZE + 100)
    const before = new ContentHash().update(content.subarray(0, HASH_BLOCK_SIZE + 500))
    const after = new ContentHash(before.blocks)
    expect(after.size).toBe(before.verified)
    expect(after.update(content.subarray(before.verified)).digest()).toBe(contentHash(content))
  })
})
