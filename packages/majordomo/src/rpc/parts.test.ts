import { encode } from '@onitu/protocol'
import { describe, expect, it } from 'vitest'
import { fromParts, MAX_FRAME, toParts } from './parts.ts'

const MIB = 1024 * 1024
const frameOf = (size: number) => Buffer.alloc(size, 'onitu')

describe('the parts of a message', () => {
  it.each([[[10]], [[10, MIB]], [[10, MIB + 1]], [[3 * MIB, 0, 5, 2 * MIB + 7]]])(
    'are small, and become the same frames again (%j bytes)',
    (sizes) => {
      const frames = sizes.map(frameOf)
      const parts = toParts(frames)
      expect(Math.max(...parts.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(MAX_FRAME)
      expect(Buffer.concat([...fromParts(parts)]).equals(Buffer.concat(frames))).toBe(true)
      expect(fromParts(parts).map(({ byteLength }) => byteLength)).toEqual(sizes)
    },
  )

  it('of small frames are the frames', () => {
    const frames = [frameOf(1), frameOf(MIB)]
    expect(toParts(frames)).toBe(frames)
  })

  const empty = new Uint8Array()
  it.each([
    ['without sizes', [empty]],
    ['with sizes that are none', [empty, encode(['1']), frameOf(1)]],
    ['with a size below zero, and what it would not take', [empty, encode([-1]), frameOf(1)]],
    ['that are too few', [empty, encode([2, 2]), frameOf(2)]],
    ['that are too many', [empty, encode([2]), frameOf(2), frameOf(2)]],
    ['that are too long', [empty, encode([3]), frameOf(2), frameOf(2)]],
  ])('are refused %s', (_title, parts) => {
    expect(() => fromParts(parts)).toThrow(expect.objectContaining({ code: 'PROTOCOL' }))
  })
})
