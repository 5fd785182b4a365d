import { describe, expect, it } from 'vitest'
import { Slabs } from './slabs.ts'

const KiB = 1024

function read(slabs: Slabs, size: number): Buffer {
  const room = slabs.room()
  expect(room.byteLength).toBeGreaterThanOrEqual(128 * KiB)
  const piece = room.subarray(0, Math.min(size, room.byteLength))
  slabs.take(piece.byteLength)
  return piece
}

describe('slabs', () => {
  it('give memory of its own to all that is read, until they may be used again', () => {
    const slabs = new Slabs()
    const pieces = Array.from({ length: 40 }, (_, at) => read(slabs, 100 * KiB).fill(at))
    expect(pieces.filter((piece, at) => piece.some((byte) => byte !== at))).toEqual([])
  })

  it.each([7, 100, 128, 129, 256])(
    'leave what was read alone until 384 KiB more have come, in pieces of %d KiB',
    (size) => {
      const slabs = new Slabs()
      const early = read(slabs, 10).fill(255)
      slabs.reuse()
      const recent: { readonly piece: Buffer; readonly at: number }[] = []
      const memory = new Set<ArrayBufferLike>()
      for (let at = 0; at < 4096 / size + 8; at++) {
        const piece = read(slabs, size * KiB).fill(at % 251)
        memory.add(piece.buffer)
        recent.push({ piece, at })
        while (recent.slice(1).reduce((sum, one) => sum + one.piece.byteLength, 0) > 384 * KiB) recent.shift()
        const isWrong = (kept: (typeof recent)[number]) =>
          kept.piece.at(0) !== kept.at % 251 || kept.piece.at(-1) !== kept.at % 251
        expect(recent.some(isWrong)).toBe(false)
      }
      expect(memory.size).toBeLessThanOrEqual(5)
      expect(early.every((byte) => byte === 255)).toBe(true)
    },
  )
})
