import { describe, expect, test } from 'vitest'
import { type Limit, takeTokens, untilTokens } from './token-bucket.ts'

/** When each of the amounts goes that are asked for one behind the other. */
function departures(amounts: readonly number[], limit: Limit, askedAt: (index: number) => number = () => 0): number[] {
  let fullAt = Number.NEGATIVE_INFINITY
  let now = 0
  return amounts.map((amount, index) => {
    now = Math.max(now, askedAt(index))
    now += untilTokens(fullAt, amount, now, limit)
    fullAt = takeTokens(fullAt, amount, now, limit)
    return now
  })
}

const ones = (count: number) => Array.from({ length: count }, () => 1)

describe('a bucket of tokens', () => {
  test('lets a burst go at once, and then one after the other', () => {
    expect(departures(ones(6), { rate: 10, burst: 3 })).toEqual([0, 0, 0, 100, 200, 300])
  })

  test('keeps no one waiting who asks for less than the limit', () => {
    const asked = (index: number) => index * 150
    expect(departures(ones(5), { rate: 10, burst: 1 }, asked)).toEqual([0, 150, 300, 450, 600])
  })

  test('saves up one burst in a quiet time, and no more', () => {
    const asked = (index: number) => (index < 2 ? 0 : 60_000)
    expect(departures(ones(6), { rate: 10, burst: 2 }, asked)).toEqual([0, 0, 60_000, 60_000, 60_100, 60_200])
  })

  test('lets more than a burst go when it is full, and keeps the next waiting for it', () => {
    expect(departures([5_000, 1_000, 1_000], { rate: 1_000, burst: 1_000 })).toEqual([0, 5_000, 6_000])
  })

  test.each([
    [{ rate: 7, burst: 1 }, 1],
    [{ rate: 1_000, burst: 100 }, 64],
    [{ rate: 0.5, burst: 1 }, 1],
  ])('never lets more go than the limit %o allows', (limit, most) => {
    const amounts = Array.from({ length: 300 }, (_, index) => 1 + ((index * 37) % most))
    const times = departures(amounts, limit)
    let excess = 0
    for (let from = 0; from < times.length; from++) {
      let sum = 0
      for (let to = from; to < times.length; to++) {
        sum += amounts[to] ?? 0
        const seconds = ((times[to] ?? 0) - (times[from] ?? 0)) / 1000
        excess = Math.max(excess, sum - limit.burst - limit.rate * seconds)
      }
    }
    expect(excess).toBeLessThan(1e-6)
  })
})
