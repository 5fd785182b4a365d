import { describe, expect, it } from 'vitest'
import { parseSize } from './parse-size.ts'

describe('parseSize', () => {
  it.each([
    [15.3, 15],
    [0, 0],
    ['0', 0],
    ['10 000', 10_000],
    ['  7  GI', 7 * 2 ** 30],
    ['7.5 Gb', 7_500_000_000],
    ['123 456.0 Mo', 123_456_000_000],
    ['12', 12],
    ['12b', 12],
    ['12O', 12],
    ['3k', 3000],
    ['3ko', 3000],
    ['3KB', 3000],
    ['3M', 3e6],
    ['2G', 2e9],
    ['2t', 2e12],
    ['2Po', 2e15],
    ['1ki', 1024],
    ['1mi', 2 ** 20],
    ['1Ti', 2 ** 40],
    ['1pi', 2 ** 50],
  ])('reads %j as %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  it.each([undefined, null, '', 'toto', '2toto', '2kib', '-1', -1, Number.NaN, true, {}])(
    'has no value for %j',
    (text) => {
      expect(parseSize(text)).toBeUndefined()
    },
  )
})
