/** A seeded source of choices (mulberry32): the same seed gives the same run. */
export interface Random {
  /** An integer in [0, below). */
  integer(below: number): number
  pick<T>(items: readonly T[]): T
  chance(probability: number): boolean
  shuffle<T>(items: readonly T[]): T[]
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (below: number) => Math.floor(next() * below)
  return {
    integer,
    chance: (probability) => next() < probability,
    pick(items) {
      const item = items[integer(items.length)]
      if (item === undefined) throw new RangeError('Nothing to pick from')
      return item
    },
    shuffle(items) {
      const result = [...items]
      for (let at = result.length - 1; at > 0; at--) {
        const other = integer(at + 1)
        const [a, b] = [result[at], result[other]]
        if (a !== undefined && b !== undefined) [result[at], result[other]] = [b, a]
      }
      return result
    },
  }
}
