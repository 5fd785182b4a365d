import type { Head } from '@onitu/protocol'
import type { Draft } from './draft.ts'
import { pendingMoveFrom } from './give-order.ts'

/** What an observation is built on. */
export interface Basis {
  /** The version that the service had agreed on (0: none). */
  readonly base: number
  /** The observation is about what the service holds elsewhere and still has to move here. */
  readonly redirected: boolean
}

/**
 * Whether whoever made an observation had seen what the head holds, so that the observation may replace it.
 *
 * - Its base is the head.
 * - The head was made by the same service: observations of one service are in order, so it made the later one on top of
 *   the earlier, even if the acknowledgement had not reached it when it wrote the later one down. That does not hold for
 *   another file that it has at the path while the content of the head still waits elsewhere to be moved here.
 * - Since its base only attributes changed: the content is the one it had seen.
 */
export function hasSeen(draft: Draft, service: string, { base, redirected }: Basis, head: Head): boolean {
  const elsewhere = !redirected && pendingMoveFrom(draft, service, head.fid) !== undefined
  if (base >= head.version || (head.origin === service && !elsewhere)) return true
  if (base === 0 || head.deleted) return false
  const seen = draft.view.version(head.fid, base)
  return seen !== undefined && !seen.deleted && seen.kind === head.kind && seen.hash === head.hash
}
