import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Numbered } from './numbered.ts'

describe('things under growing numbers', () => {
  it('are what a Map would hold, in the same order', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 1_500 }) }),
      fc.record({ remove: fc.double({ min: 0, max: 1, noNaN: true }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const numbered = new Numbered<string>()
        const map = new Map<number, string>()
        let next = 1
        for (const each of steps) {
          if ('add' in each) {
            next += each.add
            numbered.add(next, `item ${next}`)
            map.set(next, `item ${next}`)
          } else {
            const number = [...map.keys()][Math.floor(each.remove * map.size)] ?? next + 1
            expect(numbered.delete(number)).toBe(map.delete(number))
          }
          expect(numbered.get(next)).toBe(map.get(next))
          expect(numbered.size).toBe(map.size)
        }
        expect([...numbered.values()]).toEqual([...map.values()])
        for (const [number, item] of map) expect(numbered.get(number)).toBe(item)
      }),
    )
  })

  it('may go away while somebody looks at them', () => {
    const numbered = new Numbered<number>()
    for (let number = 0; number < 3_000; number++) numbered.add(number, number)
    let seen = 0
    for (const number of numbered.values()) {
      seen++
      numbered.delete(number)
      numbered.delete(2_999 - number)
    }
    expect(seen).toBe(1_500)
    expect(numbered.size).toBe(0)
    expect(numbered.delete(5)).toBe(false)
  })
})
