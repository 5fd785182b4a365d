import type { Head } from '@onitu/protocol'
import type { Draft } from './draft.ts'

/**
 * Whether whoever made an observation had seen what the head holds, so that the observation may replace it.
 *
 * - Its base is the head.
 * - The head was made by the same service: observations of one service are in order, so it made the later one on top of
 *   the earlier, even if the acknowledgement had not reached it when it wrote the later one down.
 * - Since its base only attributes changed: the content is the one it had seen.
 */
export function hasSeen(draft: Draft, service: string, base: number, head: Head): boolean {
  if (base >= head.version || head.origin === service) return true
  if (base === 0 || head.deleted) return false
  const seen = draft.view.version(head.fid, base)
  return seen !== undefined && !seen.deleted && seen.kind === head.kind && seen.hash === head.hash
}
