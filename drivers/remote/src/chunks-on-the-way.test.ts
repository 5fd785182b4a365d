import { describe, expect, it } from 'vitest'
import { ChunksOnTheWay } from './chunks-on-the-way.ts'

const MIB = new Uint8Array(1024 * 1024)
const never = () => new Promise<void>(() => undefined)

describe('chunks on the way to a client', () => {
  it('do not wait for each other until there are many of one file', async () => {
    const chunks = new ChunksOnTheWay()
    for (let count = 0; count < 4; count++) await chunks.add('a', MIB, never)
    let isTaken = false
    const fifth = chunks.add('a', MIB, never).then(() => {
      isTaken = true
    })
    await chunks.add('b', MIB, async () => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    expect(isTaken).toBe(false)
    void fifth
  })

  it('tell of a failure with the next chunk, and at the end', async () => {
    const chunks = new ChunksOnTheWay()
    await chunks.add('a', MIB, async () => {
      throw new Error('no space')
    })
    await new Promise((resolve) => setImmediate(resolve))
    await expect(chunks.add('a', MIB, async () => undefined)).rejects.toThrow('no space')
    await expect(chunks.written('a')).rejects.toThrow('no space')
    await expect(chunks.written('a')).resolves.toBeUndefined()
  })

  it('are what they were when they were given, though their buffer holds the next one already', async () => {
    const chunks = new ChunksOnTheWay()
    const sent: Uint8Array[] = []
    const buffer = new Uint8Array(1)
    for (const byte of [1, 2, 3]) {
      buffer.fill(byte)
      await chunks.add('a', buffer, async (chunk) => sent.push(chunk))
    }
    expect(sent.map(([byte]) => byte)).toEqual([1, 2, 3])
  })

  it('are waited for at the end', async () => {
    const chunks = new ChunksOnTheWay()
    let finish: () => void = () => undefined
    let isWritten = false
    await chunks.add('a', MIB, () => new Promise<void>((resolve) => (finish = resolve)))
    const written = chunks.written('a').then(() => {
      isWritten = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(isWritten).toBe(false)
    finish()
    await written
  })
})
