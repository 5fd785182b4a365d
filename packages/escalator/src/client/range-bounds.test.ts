import { describe, expect, it } from 'vitest'
import { prefixEnd, rangeBounds } from './range-bounds.ts'

describe('prefixEnd', () => {
  it.each([
    ['a', 'b'],
    ['service:A:', 'service:A;'],
    ['\ud7ff', '\ue000'],
    ['é', 'ê'],
    ['a\u{10ffff}', 'b'],
    ['\u{10ffff}', undefined],
    ['', undefined],
  ])('of %j is %j', (prefix, end) => {
    expect(prefixEnd(prefix)).toBe(end)
  })
})

describe('prefixEnd of bytes', () => {
  it.each([
    [[1], [2]],
    [[1, 255, 255], [2]],
    [[255], undefined],
    [[], undefined],
  ])('%j is %j, and leaves the prefix as it is', (bytes, end) => {
    const prefix = Buffer.from(bytes)
    expect(prefixEnd(prefix)).toEqual(end === undefined ? undefined : Uint8Array.from(end))
    expect([...prefix]).toEqual(bytes)
  })
})

describe('rangeBounds', () => {
  it.each([
    ['everything', '', {}, {}],
    ['a prefix', '', { prefix: 'k' }, { gte: 'k', lt: 'l' }],
    ['the part of a database', 'db:', {}, { gte: 'db:', lt: 'db;' }],
    ['a prefix in a part', 'db:', { prefix: 'k' }, { gte: 'db:k', lt: 'db:l' }],
    ['start and stop', '', { start: 'b', stop: 'd' }, { gte: 'b', lt: 'd' }],
    ['neither of them', '', { start: 'b', stop: 'd', includeStart: false }, { gt: 'b', lt: 'd' }],
    ['both of them', '', { start: 'b', stop: 'd', includeStop: true }, { gte: 'b', lte: 'd' }],
    ['start and stop in a part', 'db:', { start: 'b', stop: 'd' }, { gte: 'db:b', lt: 'db:d' }],
    ['only start, in a part', 'db:', { start: 'b' }, { gte: 'db:b', lt: 'db;' }],
    ['a start before the prefix', '', { prefix: 'k', start: 'a' }, { gte: 'k', lt: 'l' }],
    ['a stop behind the prefix', '', { prefix: 'k', stop: 'z' }, { gte: 'k', lt: 'l' }],
    ['a start inside the prefix', '', { prefix: 'k', start: 'k5' }, { gte: 'k5', lt: 'l' }],
  ])('of %s', (_, base, options, bounds) => {
    expect(rangeBounds(base, options)).toEqual(bounds)
  })
})
