export interface PollLimits {
  /** ms */
  readonly fastest: number
  readonly slowest: number
}

const GROWTH = 1.5
/** A server is not kept busy with listings: at most this share of the time. */
const SHARE = 4

/** ms until the next look: short after a change, longer each time nothing is found, and never short where a look takes long. */
export function nextPoll(
  previous: number,
  foundChanges: boolean,
  took: number,
  { fastest, slowest }: PollLimits,
): number {
  const wanted = foundChanges ? fastest : Math.min(slowest, Math.max(fastest, previous * GROWTH))
  return Math.max(wanted, took * SHARE)
}
