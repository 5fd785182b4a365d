import { expect, test } from 'vitest'
import { nextPoll } from './poll-schedule.ts'

const limits = { fastest: 1_000, slowest: 30_000 }

test('looks soon after a change', () => expect(nextPoll(30_000, true, 10, limits)).toBe(1_000))

test('looks less and less often while nothing changes', () => {
  expect(nextPoll(1_000, false, 10, limits)).toBe(1_500)
  expect(nextPoll(25_000, false, 10, limits)).toBe(30_000)
  expect(nextPoll(30_000, false, 10, limits)).toBe(30_000)
})

test('leaves a server time to rest where a look takes long', () => {
  expect(nextPoll(1_000, true, 5_000, limits)).toBe(20_000)
})
