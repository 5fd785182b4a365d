import type { FileRecord, Head } from '@onitu/protocol'
import { type Draft, headOf, recordOf } from './draft.ts'
import { endPendingMove, moveFromElsewhere, redirectOf } from './give-order.ts'
import { isHeld } from './is-held.ts'
import type { Policy } from './policy.ts'

/**
 * The driver of a service may have renamed to its path what was at a place, and said nothing of it (its Plug has noted that). So what is told of the place
 * from now on need not be about that content: another file there is a new one, and that nothing is there is nobody's deletion. Was it not renamed, it is fetched to
 * its path, and an edit of it stays where it is. Where nobody else has the content there would be nothing to fetch: then it is moved from where it has been found, or still taken to be there
 * (see `wasRenamedBefore`).
 */
export function endUnansweredMove(draft: Draft, policy: Policy, service: string, fid: string): void {
  const to = redirectOf(draft, service, fid)
  const head = to === undefined ? undefined : headOf(draft, to.fid)
  if (head === undefined) return
  const record = recordOf(draft, service, head.fid)
  // Where it was to be before the name was given to another file: the rename may be one to there.
  const before = head.movedFrom === fid ? undefined : head.movedFrom
  const recordBefore = before === undefined ? undefined : recordOf(draft, service, before)
  // Its Plug has found it there, and that has not been decided yet: small files are told of in the order in which they were read.
  const wasRenamed = has(record, head)
  const isAtBefore = has(recordBefore, head)
  const mayBeRenamed = mayHave(record, head) || mayHave(recordBefore, head) || isAtBefore
  if (wasRenamed || (mayBeRenamed && isHeld(draft, policy, head, service))) endPendingMove(draft, service, head)
  else if (before !== undefined && isAtBefore) moveFromElsewhere(draft, service, head, before)
}

function has(record: FileRecord | undefined, { hash }: Head): boolean {
  return record !== undefined && record.token !== null && record.hash === hash
}

/** A rename to there was noted. */
function mayHave(record: FileRecord | undefined, { hash }: Head): boolean {
  return record?.writing?.some((note) => note.renamed === true && note.hash === hash) === true
}
