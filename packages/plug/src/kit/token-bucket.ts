/** How much may pass: `rate` in a second, and `burst` of it at once after a time in which less has passed. */
export interface Limit {
  readonly rate: number
  readonly burst: number
}

/**
 * A bucket of tokens that fills at `rate` up to `burst`, told by one number: the moment, in ms, at which it is full again. Who takes more than a
 * full bucket holds goes when it is full, and the next waits until that is made up for.
 */
export function untilTokens(fullAt: number, amount: number, now: number, { rate, burst }: Limit): number {
  const missing = Math.min(amount, burst) - burst
  return Math.max(0, fullAt - now + (missing / rate) * 1000)
}

/** When the bucket is full again after so much was taken. */
export function takeTokens(fullAt: number, amount: number, now: number, { rate }: Limit): number {
  return Math.max(fullAt, now) + (amount / rate) * 1000
}
