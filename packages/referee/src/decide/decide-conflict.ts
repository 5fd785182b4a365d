import { fileId, type Head, keys } from '@onitu/protocol'
import { conflictPath } from './conflict-copy.ts'
import { type Draft, headOf, removeOrder } from './draft.ts'
import { endPendingMove, giveOrder, type Place, placeOf, redirect, seenOf, stoodForAt } from './give-order.ts'
import { type Content, newVersion } from './new-version.ts'
import { modeOf, type Policy, servicesOf } from './policy.ts'

/**
 * The content that holds a path makes way: it becomes a file of its own at the copy's path. Services that hold it
 * rename it, the others fetch it. The caller then makes the new head of the path. `except`: a service of which what it
 * still has to move here is the content that keeps the path.
 */
export function moveHeadAside(draft: Draft, policy: Policy, head: Head, winner: string, except?: string): Head {
  const places = new Map<string, Place>()
  const stoodFor = new Map<string, string>()
  for (const [service] of servicesOf(policy, head.folder)) {
    const place = service === except ? undefined : placeOf(draft, service, head)
    if (place !== undefined) places.set(service, place)
    const at = stoodForAt(draft, service, head)
    if (at !== undefined) stoodFor.set(service, at)
  }
  // What only a read-only service holds stays where it is: who fetches the copy finds it there.
  const [movedFrom = head.fid] = places.size === 0 ? stoodFor.values() : []
  const path = conflictPath(draft, head.folder, head.path, head.origin, head.mtime)
  const copy = newVersion(
    draft,
    policy,
    head.origin,
    { ...head, path },
    {
      parents: [head.version],
      movedFrom,
      orderFor: (service) => whereFrom(places.get(service)?.fid),
    },
  )
  for (const [service, at] of stoodFor) draft.copies.set(keys.copy(service, at), copy.fid)
  for (const [service, place] of places) {
    if (modeOf(policy, service, head.folder) === 'r') draft.copies.set(keys.copy(service, place.fid), copy.fid)
    else redirect(draft, service, { fid: place.fid, seen: seenOf(place, head, copy) }, copy)
  }
  report(draft, head, copy, winner, head.origin)
  return copy
}

/** A content that a service has built on a version, and where it holds it. */
interface Arriving {
  readonly service: string
  readonly content: Content
  readonly base: number
  /** The fid of the place, if that is another than the path of the content: it was to be moved. */
  readonly heldAt?: string
}

/** The content that arrives becomes a file of its own at the copy's path; the service moves it there and then gets the head. */
export function moveArrivingAside(draft: Draft, policy: Policy, arriving: Arriving, head: Head): Head {
  const { service, content, base, heldAt = head.fid } = arriving
  if (modeOf(policy, service, content.folder) === 'r') return copyOfReadOnly(draft, policy, service, content, head)
  const path = conflictPath(draft, content.folder, content.path, service, content.mtime)
  const options = {
    parents: [base],
    movedFrom: head.fid,
    orderFor: (target: string) => whereFrom(target === service ? heldAt : undefined),
  }
  // What is held elsewhere is moved to the copy from there, and not here on the way.
  if (heldAt !== head.fid) endPendingMove(draft, service, head)
  const copy = newVersion(draft, policy, service, { ...content, path }, options)
  giveOrder(draft, policy, service, head)
  redirect(draft, service, { fid: heldAt, seen: copy.version }, copy)
  // `replaces`: should somebody delete the copy before it was moved there, what is held has been dealt with all the same.
  giveOrder(draft, policy, service, headOf(draft, heldAt) ?? head, { replaces: content.hash })
  report(draft, head, copy, head.origin, service)
  return copy
}

/** A read-only service cannot be told to move anything: what it holds stays at the path, and has not seen the head. */
function copyOfReadOnly(draft: Draft, policy: Policy, service: string, content: Content, head: Head): Head {
  removeOrder(draft, service, head.fid)
  const path = conflictPath(draft, content.folder, content.path, service, content.mtime)
  const copy = newVersion(draft, policy, service, { ...content, path }, { parents: [], movedFrom: head.fid })
  draft.copies.set(keys.copy(service, head.fid), copy.fid)
  report(draft, head, copy, head.origin, service)
  return copy
}

function whereFrom(place: string | undefined): { movedFrom?: string } {
  return place === undefined ? {} : { movedFrom: place }
}

function report(draft: Draft, head: Head, copy: Head, winner: string, loser: string): void {
  const { folder, path, version } = head
  draft.conflicts.set(copy.fid, {
    fid: fileId(folder, path),
    folder,
    path,
    copyPath: copy.path,
    winner,
    loser,
    version,
  })
  draft.events.push({ type: 'conflict', service: loser, folder, path, copyPath: copy.path, winner, loser })
}
