/** Numbers that look random and are the same for the same seed (mulberry32), so that a failure can be seen again. */
export interface Random {
  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number
  /** @throws RangeError when there is nothing to pick from. */
  pick<T>(values: readonly T[]): T
  chance(probability: number): boolean
  /** A copy in another order. */
  shuffle<T>(values: readonly T[]): T[]
  bytes(length: number): Uint8Array
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick(values) {
      if (values.length === 0) throw new RangeError('There is nothing to pick from')
      return values[below(values.length)] as (typeof values)[number]
    },
    chance: (probability) => next() < probability,
    shuffle(values) {
      const left = [...values]
      for (let at = left.length - 1; at > 0; at--) {
        const other = below(at + 1)
        const [one, two] = [left[at], left[other]]
        if (one !== undefined && two !== undefined) [left[at], left[other]] = [two, one]
      }
      return left
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  }
}
