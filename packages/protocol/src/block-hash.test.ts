import { describe, expect, it } from 'vitest'
import { BlockHash } from './block-hash.ts'
import { contentHash, HASH_BLOCK_SIZE } from './content-hash.ts'

const bytes = (size: number) => Buffer.alloc(size, 'onitu')

describe('BlockHash', () => {
  it.each([0, 1, HASH_BLOCK_SIZE, HASH_BLOCK_SIZE + 1, 9 * HASH_BLOCK_SIZE, 9 * HASH_BLOCK_SIZE + 7])(
    'gives the content hash of %i bytes',
    async (size) => {
      const hash = new BlockHash()
      await hash.update(bytes(size))
      expect(await hash.digest()).toBe(contentHash(bytes(size)))
    },
  )

  it.each([1000, 700_000, HASH_BLOCK_SIZE, HASH_BLOCK_SIZE + 7])(
    'does not depend on how the content is cut (%i bytes), nor on what becomes of the buffer afterwards',
    async (cut) => {
      const content = bytes(3 * HASH_BLOCK_SIZE + 5)
      const hash = new BlockHash()
      const buffer = Buffer.alloc(cut)
      for (let at = 0; at < content.byteLength; at += cut) {
        const length = content.copy(buffer, 0, at)
        await hash.update(buffer.subarray(0, length))
        buffer.fill(0)
      }
      expect(hash.size).toBe(content.byteLength)
      expect(await hash.digest()).toBe(contentHash(content))
    },
  )

  it('takes digests of blocks that were hashed elsewhere', async () => {
    const content = bytes(4 * HASH_BLOCK_SIZE + 100)
    const elsewhere = new BlockHash()
    await elsewhere.update(content.subarray(HASH_BLOCK_SIZE, 3 * HASH_BLOCK_SIZE))
    await elsewhere.digest()
    const hash = new BlockHash()
    await hash.update(content.subarray(0, HASH_BLOCK_SIZE))
    hash.append(elsewhere.blocks)
    expect(hash.size).toBe(3 * HASH_BLOCK_SIZE)
    await hash.update(content.subarray(hash.size))
    expect(() => hash.append(elsewhere.blocks)).toThrow(TypeError)
    expect(await hash.digest()).toBe(contentHash(content))
  })

  it('takes the digests of a whole content, of which the last block is not whole, and nothing behind them', async () => {
    const content = bytes(2 * HASH_BLOCK_SIZE + 100)
    const elsewhere = new BlockHash()
    await elsewhere.update(content)
    const digest = await elsewhere.digest()
    const hash = new BlockHash()
    expect(() => hash.append(elsewhere.blocks, 2 * HASH_BLOCK_SIZE)).toThrow(TypeError)
    hash.append(elsewhere.blocks, content.byteLength)
    expect([hash.size, hash.verified]).toEqual([content.byteLength, content.byteLength])
    expect(() => hash.append(elsewhere.blocks)).toThrow(TypeError)
    await expect(hash.update(content)).rejects.toThrow(TypeError)
    expect(await hash.digest()).toBe(digest)
  })

  it('resumes behind the blocks that were verified', async () => {
    const content = bytes(6 * HASH_BLOCK_SIZE + 100)
    const before = new BlockHash()
    await before.update(content.subarray(0, 5 * HASH_BLOCK_SIZE))
    expect(before.verified).toBeLessThanOrEqual(before.size)
    await before.digest()
    const after = new BlockHash(before.blocks)
    expect(after.size).toBe(before.verified)
    await after.update(content.subarray(before.verified))
    expect(await after.digest()).toBe(contentHash(content))
  })

  it('lets others have their turn, however it is given', async () => {
    const hash = new BlockHash()
    let turns = 0
    const others = setInterval(() => turns++, 0)
    try {
      for (let at = 0; at < 64; at++) await hash.update(bytes(HASH_BLOCK_SIZE))
      await hash.update(bytes(64 * HASH_BLOCK_SIZE))
    } finally {
      clearInterval(others)
    }
    expect(turns).toBeGreaterThan(4)
  })
})
