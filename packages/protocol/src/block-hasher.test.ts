import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BlockHasher } from './block-hasher.ts'
import { HASH_BLOCK_SIZE } from './content-hash.ts'

/** A machine on which these are the ms for the first blocks by SHA-512 and SHA-256. */
function machine(...blocks: { sha512: number; sha256: number }[]) {
  const times = blocks.flatMap(({ sha512, sha256 }) => [sha512, sha256])
  let now = 0
  let isStart = true
  return new BlockHasher(() => {
    if (!isStart) now += times.shift() ?? 0
    isStart = !isStart
    return now
  })
}

const block = Buffer.alloc(HASH_BLOCK_SIZE, 'onitu')
const expected = createHash('sha256').update(block).digest('hex')

async function placesOf(hasher: BlockHasher, content: Uint8Array, count: number) {
  const places: string[] = []
  for (let at = 0; at < count; at++) {
    const digest = hasher.hash(content)
    places.push(digest instanceof Promise ? 'elsewhere' : 'here')
    if (content === block) expect(Buffer.from(await digest).toString('hex')).toBe(expected)
  }
  return places
}

describe('where blocks are hashed', () => {
  it('is here where the processor has instructions for it, though some of the first were interrupted', async () => {
    const times = [
      { sha512: 1.1, sha256: 20 },
      { sha512: 30, sha256: 0.7 },
      { sha512: 1.2, sha256: 3 },
      { sha512: 1.1, sha256: 0.6 },
    ]
    expect(await placesOf(machine(...times), block, 6)).toEqual(Array(6).fill('here'))
  })

  it('is here on a busy machine that has them, on which all takes long', async () => {
    const times = Array(4).fill({ sha512: 4.4, sha256: 2.6 })
    expect(await placesOf(machine(...times), block, 6)).toEqual(Array(6).fill('here'))
  })

  it('is on other threads where it is slow', async () => {
    const times = Array(4).fill({ sha512: 1.1, sha256: 1.8 })
    const places = await placesOf(machine(...times), block, 6)
    expect(places).toEqual(['here', 'here', 'here', 'here', 'elsewhere', 'elsewhere'])
  })

  it('is judged by whole blocks only', async () => {
    expect(await placesOf(machine(), Buffer.from('short'), 6)).toEqual(Array(6).fill('here'))
  })
})
