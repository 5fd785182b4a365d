import { describe, expect, it } from 'vitest'
import { howManyGo } from './retention.ts'

const entries = (...all: readonly [since: number, size: number][]) => all.map(([since, size]) => ({ since, size }))
const totalOf = (all: ReturnType<typeof entries>) => ({
  count: all.length,
  size: all.reduce((sum, { size }) => sum + size, 0),
})

describe('what goes from a history', () => {
  const three = entries([100, 10], [200, 10], [300, 10])

  it.each([
    ['nothing that is young enough', three, { age: 1000, size: null }, 1000, 0],
    ['what is older than the age', three, { age: 1000, size: null }, 1201, 2],
    ['everything, once it is old', three, { age: 1000, size: null }, 5000, 3],
    ['nothing that is exactly as old', three, { age: 1000, size: null }, 1100, 0],
    ['the oldest, until the rest fits', three, { age: 1000, size: 20 }, 1000, 1],
    ['nothing that fits exactly', three, { age: 1000, size: 30 }, 1000, 0],
    ['not the newest, however large it is', three, { age: 1000, size: 5 }, 1000, 2],
    ['not the newest for a size of 0', three, { age: 1000, size: 0 }, 1000, 2],
    ['by age and by size', three, { age: 1000, size: 10 }, 1101, 2],
    ['the newest too, once it is old', three, { age: 1000, size: 5 }, 1301, 3],
    ['everything but the present moment for an age of 0', three, { age: 0, size: null }, 300, 2],
    ['nothing whose time is to come', entries([9000, 1]), { age: 10, size: null }, 100, 0],
    ['nothing of nothing', [], { age: 10, size: 0 }, 100, 0],
  ])('%s', (_title, all, limits, now, expected) => {
    expect(howManyGo(all, totalOf(all), limits, now)).toBe(expected)
  })

  it('counts what is newer than those that are looked at', () => {
    expect(howManyGo(three.slice(0, 1), totalOf(three), { age: 1000, size: 20 }, 1000)).toBe(1)
    expect(howManyGo(three.slice(0, 1), totalOf(three), { age: 1000, size: 0 }, 1000)).toBe(1)
  })
})
