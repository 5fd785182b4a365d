import { type FileRecord, fileId, type Head } from '@onitu/protocol'
import { decideDeletion } from './decide-deletion.ts'
import { type Draft, headOf, isLive, orderOf, recordOf } from './draft.ts'
import { giveOrder, redirectOf } from './give-order.ts'
import { isHeld } from './is-held.ts'
import { type Basis, hasSeen } from './lineage.ts'
import { type Content, newTombstone, newVersion } from './new-version.ts'
import { type Policy, servicesOf } from './policy.ts'

/**
 * A file that is kept out of the hub, in the place of something that the hub has. Where that is a directory, what was there is gone (but in a service
 * without directories), and where it has to come back, because something lives in it, the service is told so. In the place of a file that its user had seen it stays, and
 * others go on having that file.
 */
export function decideKeptOut(draft: Draft, policy: Policy, service: string, content: Content, basis: Basis): void {
  const head = headOf(draft, fileId(content.folder, content.path))
  if (!isLive(head)) return
  // Where there are no directories it is beside what is below its name.
  if (head.kind === 'directory' && basis.flat === true) return
  if (head.kind !== content.kind) {
    decideDeletion(draft, policy, service, head.fid, basis)
    return
  }
  if (head.kind === 'directory' || !hasSeen(draft, service, basis, head)) return
  const isHere = !basis.redirected && redirectOf(draft, service, head.fid) === undefined
  const current = isHeld(draft, policy, head) ? head : goBack(draft, policy, service, head)
  if (isHere && orderOf(draft, service, current.fid) !== undefined) {
    giveOrder(draft, policy, service, current, { keeps: content.hash })
  }
}

/**
 * A service has something else now where it held a file that was moved from there by others, which it cannot be told to follow: it is only read. If
 * nobody had fetched the file from it yet, the hub goes back to what others have at the new path.
 */
export function goBackFromMoved(draft: Draft, policy: Policy, service: string, tombstone: Head): void {
  const moved = tombstone.movedTo === undefined ? undefined : headOf(draft, tombstone.movedTo)
  if (!isLive(moved) || moved.movedFrom !== tombstone.fid || isHeld(draft, policy, moved)) return
  const isThere = servicesOf(policy, tombstone.folder).some(
    ([other, { mode }]) =>
      other !== service && mode !== 'w' && recordOf(draft, other, tombstone.fid)?.hash === moved.hash,
  )
  if (!isThere) goBack(draft, policy, service, moved)
}

/** What nobody can give would be waited for in vain: the hub goes back to what others have, or to nothing. */
function goBack(draft: Draft, policy: Policy, service: string, head: Head): Head {
  const [former] = servicesOf(policy, head.folder)
    .flatMap(([other, { mode }]) => (other === service || mode === 'w' ? [] : hadBefore(draft, other, head.fid)))
    .sort((one, other) => other.record.version - one.record.version)
  if (former === undefined) {
    newTombstone(draft, policy, service, head)
    return headOf(draft, head.fid) ?? head
  }
  return newVersion(draft, policy, former.service, asAgreed(draft, head.fid, former.record), {
    parents: [head.version],
  })
}

/** With the time and mode of the version that it is: a service may show others for it, where it cannot keep them. */
function asAgreed(draft: Draft, fid: string, record: FileRecord): Content {
  const version = record.version === 0 ? undefined : draft.view.version(fid, record.version)
  if (version === undefined || version.hash !== record.hash) return record
  return { ...record, mtime: version.mtime, mode: version.mode }
}

/** What is agreed on, or was decided to give way. */
function hadBefore(draft: Draft, service: string, fid: string): { service: string; record: FileRecord }[] {
  const record = recordOf(draft, service, fid)
  if (record === undefined || record.token === null || record.kind !== 'file') return []
  // It goes on at another path.
  if (redirectOf(draft, service, fid) !== undefined) return []
  const isDecided = record.reported === 0 || orderOf(draft, service, fid)?.replaces === record.hash
  return isDecided ? [{ service, record }] : []
}
