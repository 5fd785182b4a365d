import type { HistoryEntry, HistoryLimits } from '@onitu/plug'

/** All that is in the history of a folder. */
export interface HistoryTotal {
  readonly count: number
  /** Bytes. */
  readonly size: number
}

/**
 * How many of the oldest contents go, given in the order of their age: those above the age, and as many as it takes until the
 * rest fits the size. The newest of all stays until its age, however large it is: a limit that is smaller than
 * a file would keep nothing of it at all.
 */
export function howManyGo(
  oldest: readonly Pick<HistoryEntry, 'since' | 'size'>[],
  total: HistoryTotal,
  limits: HistoryLimits,
  now: number,
): number {
  let { count, size } = total
  for (const [gone, entry] of oldest.entries()) {
    const tooOld = now - entry.since > limits.age
    const tooMuch = limits.size !== null && size > limits.size && count > 1
    if (!tooOld && !tooMuch) return gone
    count--
    size -= entry.size
  }
  return oldest.length
}
