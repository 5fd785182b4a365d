import { describe, expect, it } from 'vitest'
import { SharedChunks } from './shared-chunks.ts'

const chunkOf = (byte: number, size = 100_000) => new Uint8Array(size).fill(byte)

describe('SharedChunks', () => {
  it('keeps what is in use apart, and uses it again afterwards', async () => {
    const chunks = new SharedChunks()
    let finish: () => void = () => undefined
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const seen: Uint8Array[] = []
    const first = chunks.share(chunkOf(1), async (shared) => {
      seen.push(shared)
      await finished
    })
    await chunks.share(chunkOf(2), async (shared) => seen.push(shared))
    expect(seen.map(([byte]) => byte)).toEqual([1, 2])
    await chunks.share(chunkOf(3), async (shared) => seen.push(shared))
    expect(seen[2]?.buffer).toBe(seen[1]?.buffer)
    expect(seen[0]?.[0]).toBe(1)
    finish()
    await first
  })

  it('gives a small chunk memory of its own, not the large one that it is a part of', async () => {
    const chunk = chunkOf(1).subarray(10, 20)
    const size = await new SharedChunks().share(chunk, async ({ buffer }) => buffer.byteLength)
    expect(size).toBe(10)
  })

  it('shows a chunk in its own length, though the memory is longer', async () => {
    const chunks = new SharedChunks()
    await chunks.share(chunkOf(1, 200_000), async () => undefined)
    expect(await chunks.share(chunkOf(2, 100_000), async (shared) => [...shared])).toEqual([...chunkOf(2, 100_000)])
  })
})
