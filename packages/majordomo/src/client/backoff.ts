/** ms */
const FIRST = 500
const LONGEST = 30_000

/** ms until the next try after so many failures in a row. `random` is 0..1: a hub that comes back is not met by all at once. */
export function backoff(failures: number, random: number): number {
  const longest = Math.min(LONGEST, FIRST * 2 ** Math.min(failures - 1, 20))
  return longest * (0.5 + random / 2)
}
