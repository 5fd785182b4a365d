import type { DeletionLimit } from '../options/folder-options.ts'
import { isHarmless, type Loss, mustHold } from './deletion-limit.ts'

/** What is to be done with deletions of one service in one folder. */
export type Verdict = 'decide' | 'hold' | 'wait'

/** How the deletions came, in ms. */
export interface Course {
  /** Since the first of them was looked at. */
  readonly waited: number
  /** Since there were more of them. */
  readonly quiet: number
}

/** Whoever deletes many files at once takes longer than that only where the machine is very busy. */
const QUIET = 300
/** A service on which something is deleted all the time must not fall behind for that. */
const LONGEST_HARMLESS = 1_000
const LONGEST = 10_000

/**
 * Before the first deletion is carried out it must be known whether all that come with it are too many, so a moment is
 * waited until there come no more. `live`: the files that the folder has now, needed only when the loss is
 * beyond the number of files.
 */
export function judgeLoss(limit: DeletionLimit, loss: Loss, live: number, { waited, quiet }: Course): Verdict {
  if (mustHold(limit, loss, live)) return 'hold'
  if (loss.pending === 0 || quiet >= QUIET) return 'decide'
  return waited < (isHarmless(limit, loss) ? LONGEST_HARMLESS : LONGEST) ? 'wait' : 'decide'
}
