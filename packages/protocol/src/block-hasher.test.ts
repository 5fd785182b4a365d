import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BlockHasher } from './block-hasher.ts'
import { HASH_BLOCK_SIZE } from './content-hash.ts'

/** A machine on which blocks take so many ms, one after the other. */
function machine(...times: number[]) {
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
  it('is here where that is fast, though some of the first were interrupted', async () => {
    expect(await placesOf(machine(20, 30, 0.7, 20), block, 6)).toEqual(Array(6).fill('here'))
  })

  it('is on other threads where it is slow', async () => {
    const places = await placesOf(machine(9, 8, 9, 9), block, 6)
    expect(places).toEqual(['here', 'here', 'here', 'here', 'elsewhere', 'elsewhere'])
  })

  it('is judged by whole blocks only', async () => {
    expect(await placesOf(machine(), Buffer.from('short'), 6)).toEqual(Array(6).fill('here'))
  })
})
