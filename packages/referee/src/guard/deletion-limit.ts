import type { DeletionLimit } from '../options/folder-options.ts'

/** Deletions of one service in one folder. */
export interface Loss {
  /** Files that went in the same go and are decided. */
  readonly lost: number
  /** Files that are to go. */
  readonly pending: number
}

/** So many deletions are never held, so nothing needs to be counted for them. */
export function isHarmless({ files }: DeletionLimit, { lost, pending }: Loss): boolean {
  return lost + pending <= files
}

/** Whether deletions in one go are too many of the files that the folder had before. `live`: the files that it has now. */
export function mustHold(limit: DeletionLimit, loss: Loss, live: number): boolean {
  const { lost, pending } = loss
  return !isHarmless(limit, loss) && lost + pending > limit.share * (live + lost)
}
