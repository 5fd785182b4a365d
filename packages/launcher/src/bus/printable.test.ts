import { describe, expect, it } from 'vitest'
import { localTime, printable } from './printable.ts'

describe('printable', () => {
  it.each([
    ["Transfer of 'ä/😀.txt' successful", "Transfer of 'ä/😀.txt' successful"],
    ['a\nb\u001b[2J', 'a\\x0ab\\x1b[2J'],
    ['\u007f\u0085', '\\x7f\\x85'],
  ])('of %j is %j', (text, shown) => {
    // Twice: a pattern that remembers where it was would miss the second.
    expect([printable(text), printable(text)]).toEqual([shown, shown])
  })
})

describe('localTime', () => {
  const at = (...parts: [number, number, number, number, number, number, number]) => new Date(...parts).getTime()

  it.each([
    [at(2026, 0, 31, 4, 5, 6, 7), '2026-01-31 04:05:06.007'],
    [at(2026, 0, 31, 4, 5, 6, 999), '2026-01-31 04:05:06.999'],
    [at(2026, 0, 31, 4, 5, 7, 0), '2026-01-31 04:05:07.000'],
    [at(2026, 0, 31, 4, 5, 6, 8), '2026-01-31 04:05:06.008'],
    [at(1969, 5, 1, 12, 0, 0, 1), '1969-06-01 12:00:00.001'],
    [at(2026, 0, 31, 4, 5, 6, 7) + 0.5, '2026-01-31 04:05:06.007'],
  ])('of %d is %s, whatever it was asked before', (time, text) => {
    expect(localTime(time)).toBe(text)
  })
})
