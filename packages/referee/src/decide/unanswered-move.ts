import { type Draft, headOf, recordOf } from './draft.ts'
import { endPendingMove, redirectOf } from './give-order.ts'
import { isHeld } from './is-held.ts'
import type { Policy } from './policy.ts'

/**
 * The driver of a service may have renamed to its path what was at a place, and said nothing of it (its Plug has noted that). So what is told of the place
 * from now on need not be about that content: another file there is a new one, and that nothing is there is nobody's deletion. Was it not renamed, it is fetched to
 * its path, and an edit of it stays where it is. Where nobody else has the content there would be nothing to fetch: then it is still taken to be there (see `wasRenamedBefore`).
 */
export function endUnansweredMove(draft: Draft, policy: Policy, service: string, fid: string): void {
  const to = redirectOf(draft, service, fid)
  const head = to === undefined ? undefined : headOf(draft, to.fid)
  if (head === undefined) return
  const { writing = [], token = null, hash } = recordOf(draft, service, head.fid) ?? {}
  const mayBeRenamed = writing.some((note) => note.renamed === true && note.hash === head.hash)
  // Its Plug has found it there, and that has not been decided yet: small files are told of in the order in which they were read.
  const wasRenamed = token !== null && hash === head.hash
  if (wasRenamed || (mayBeRenamed && isHeld(draft, policy, head, service))) endPendingMove(draft, service, head)
}
