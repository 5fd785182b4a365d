const FIRST_DELAY = 1_000
const LONGEST_DELAY = 300_000
/** What the driver cannot do will rarely become possible soon. */
const REFUSED_DELAY = 60_000
/** A change in the service that is on its way to the Referee, or a read that was cut off: it is over in a moment. */
const PASSING_DELAY = 100
const PASSING_CODES: ReadonlySet<string> = new Set(['CHANGED', 'CONFLICT', 'NO_SOURCE', 'SHORT_READ'])
const PASSING_ATTEMPTS = 3

export interface Retry {
  /** ms */
  readonly delay: number
  /** Whether it is worth telling. */
  readonly report: boolean
}

/**
 * When an order that failed is tried again. `attempts` counts this failure; `random` is 0..1 and spreads the retries of
 * many files.
 */
export function planRetry(code: string, retryable: boolean, attempts: number, random: number): Retry {
  if (PASSING_CODES.has(code) && attempts < PASSING_ATTEMPTS) {
    return { delay: PASSING_DELAY * 2 ** (attempts - 1) * (0.5 + random), report: false }
  }
  const first = retryable ? FIRST_DELAY : REFUSED_DELAY
  const delay = Math.min(LONGEST_DELAY, first * 2 ** Math.min(attempts - 1, 20))
  return { delay: delay * (0.75 + random / 4), report: retryable || attempts === 1 }
}
