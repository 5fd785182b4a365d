import { fileId, type Head } from '@onitu/protocol'
import { type Draft, headOf, isLive, livesBelow, orderOf, recordOf } from './draft.ts'
import { giveOrder, holdsAnything } from './give-order.ts'
import { isHeld } from './is-held.ts'
import { type Basis, hasSeen } from './lineage.ts'
import { newTombstone, say } from './new-version.ts'
import type { Policy } from './policy.ts'

/** Decides on a file that a service had and that its user deleted. `kept`: the fid of a directory above it that is not deleted with its last file. */
export function decideDeletion(
  draft: Draft,
  policy: Policy,
  service: string,
  fid: string,
  basis: Basis,
  kept?: string,
): void {
  const head = headOf(draft, fid)
  if (head === undefined) return
  const stays = head.kind === 'directory' && livesBelow(draft, head.folder, head.path)
  // Gone everywhere already; or newer than what was deleted, or needed by what lives below: it comes back.
  if (head.deleted || stays || (!hasSeen(draft, service, basis, head) && canComeBack(draft, policy, head))) {
    giveOrder(draft, policy, service, head)
    // Deleted by others too: nothing of it keeps the directory that this service deleted around it.
    if (head.deleted) deleteEmptiedParent(draft, policy, service, head, kept)
    return
  }
  newTombstone(draft, policy, service, head)
  say(draft, head.kind, { type: 'file_deleted', service, folder: head.folder, path: head.path })
  deleteEmptiedParent(draft, policy, service, head, kept)
}

/**
 * What was not synced kept directories on the service that were deleted by others: they go as soon as nothing is in them any more. Those that still
 * hold something stay again.
 */
export function deleteKeptParents(
  draft: Draft,
  policy: Policy,
  service: string,
  { folder, path }: Pick<Head, 'folder' | 'path'>,
): void {
  const slash = path.lastIndexOf('/')
  if (slash === -1) return
  const parent = headOf(draft, fileId(folder, path.slice(0, slash)))
  if (parent?.deleted !== true) return
  if (holdsAnything(draft, service, parent.fid)) giveOrder(draft, policy, service, parent)
  deleteKeptParents(draft, policy, service, parent)
}

/** What nobody holds any more, whoever had seen what, would be waited for in vain. */
function canComeBack(draft: Draft, policy: Policy, head: Head): boolean {
  return head.kind === 'directory' || isHeld(draft, policy, head)
}

/**
 * Observations of one service about different files may overtake each other: a directory may be reported deleted, or a file in its place that is kept out, before
 * the last of its files is deleted or moved away. It was then to be made again, which is taken back here.
 */
export function deleteEmptiedParent(draft: Draft, policy: Policy, service: string, child: Head, kept?: string): void {
  const slash = child.path.lastIndexOf('/')
  if (slash === -1) return
  const parent = headOf(draft, fileId(child.folder, child.path.slice(0, slash)))
  if (!isLive(parent) || parent.kind !== 'directory' || parent.fid === kept) return
  if (orderOf(draft, service, parent.fid)?.version !== parent.version) return
  const record = recordOf(draft, service, parent.fid)
  if (
    record === undefined ||
    (record.token !== null && record.kind === 'directory') ||
    !hasSeen(draft, service, { base: record.version, redirected: false }, parent)
  )
    return
  if (livesBelow(draft, parent.folder, parent.path)) return
  newTombstone(draft, policy, service, parent)
  deleteEmptiedParent(draft, policy, service, parent, kept)
}
