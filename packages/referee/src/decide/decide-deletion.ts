import { type Draft, headOf, livesBelow } from './draft.ts'
import { giveOrder } from './give-order.ts'
import { hasSeen } from './lineage.ts'
import { newTombstone, say } from './new-version.ts'
import type { Policy } from './policy.ts'

/** Decides on a file that a service had and that its user deleted. */
export function decideDeletion(draft: Draft, policy: Policy, service: string, fid: string, base: number): void {
  const head = headOf(draft, fid)
  if (head === undefined) return
  const stays = head.kind === 'directory' && livesBelow(draft, head.folder, head.path)
  // Gone everywhere already; or newer than what was deleted, or needed by what lives below: it comes back.
  if (head.deleted || stays || !hasSeen(draft, service, base, head)) {
    giveOrder(draft, policy, service, head)
    return
  }
  newTombstone(draft, policy, service, head)
  say(draft, head.kind, { type: 'file_deleted', service, folder: head.folder, path: head.path })
}
