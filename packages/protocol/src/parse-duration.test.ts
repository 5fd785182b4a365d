import { expect, it } from 'vitest'
import { parseDuration } from './parse-duration.ts'

it.each([
  ['30d', 30 * 86_400_000],
  [' 12 H ', 12 * 3_600_000],
  ['1.5m', 90_000],
  ['0s', 0],
  ['2w', 14 * 86_400_000],
  ['1y', 365 * 86_400_000],
])('%j is %d ms', (text, expected) => {
  expect(parseDuration(text)).toBe(expected)
})

it.each([undefined, null, '', 30, '30', 'd', '-1d', '3 months', '1d2h', {}])('%j is no time', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})
