import { expect, it } from 'vitest'
import { backoff } from './backoff.ts'

it('waits longer after each failure, never longer than half a minute, and not like everybody else', () => {
  expect([1, 2, 3, 4].map((failures) => backoff(failures, 1))).toEqual([500, 1000, 2000, 4000])
  expect(backoff(1, 0)).toBe(250)
  expect(backoff(100, 1)).toBe(30_000)
})
