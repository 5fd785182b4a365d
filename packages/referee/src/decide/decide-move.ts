import { type Head, mimetypeOf, type Observation, type Order } from '@onitu/protocol'
import { moveHeadAside } from './decide-conflict.ts'
import { decideDeletion, deleteEmptiedParent } from './decide-deletion.ts'
import { decideKeptOut } from './decide-kept-out.ts'
import { decideUpdate, type Update } from './decide-update.ts'
import { type Draft, headOf, isLive, orderOf, setOrder } from './draft.ts'
import { giveOrder, type Place, placeOf, redirect, redirectOf, seenOf } from './give-order.ts'
import { type Basis, hasSeen, wasContent } from './lineage.ts'
import { type Content, ensureParents, newTombstone, newVersion, say } from './new-version.ts'
import { modeOf, type Policy, servicesOf } from './policy.ts'
import { passesSource } from './targets.ts'

export type Moved = Extract<Observation, { type: 'moved' }>

/** Decides on a file that its user moved: one transition of both paths. `fromFid`, `fromBasis`: redirected already. */
export function decideMove(
  draft: Draft,
  policy: Policy,
  service: string,
  moved: Moved,
  fromFid: string,
  fromBasis: Basis,
): void {
  const passes = passesSource(draft, policy, service, { ...moved, mimetype: mimetypeOf(moved.path) })
  const from = headOf(draft, fromFid)
  if (!passes || !isLive(from) || from.kind === 'directory' || moved.kind === 'directory') {
    decideSeparately(draft, policy, service, moved, passes, fromFid, fromBasis)
    return
  }
  if (hasSeen(draft, service, fromBasis, from)) {
    moveContent(draft, policy, service, moved, from)
  } else if (
    !isLive(headOf(draft, moved.fid)) &&
    isKnownContent(draft, [fromFid, moved.from.fid], fromBasis.base, moved)
  ) {
    moveNewerContent(draft, policy, service, moved, from)
  } else {
    // Two newer contents, or one that the hub never saw: no move can keep all, so neither path is taken from anyone.
    giveOrder(draft, policy, service, from)
    decideUpdate(draft, policy, arrivalOf(service, moved))
  }
}

/** What was moved is what the hub had at the old path once: nothing is lost when the newer content takes its place. */
function isKnownContent(draft: Draft, fids: readonly string[], base: number, moved: Moved): boolean {
  return fids.some((fid) => wasContent(draft, fid, base, moved))
}

/**
 * No content moves: the new path is kept out, or the old one holds no file (any more). Directories are not moved either,
 * only made and deleted: what is in them moves by itself.
 */
function decideSeparately(
  draft: Draft,
  policy: Policy,
  service: string,
  moved: Moved,
  passes: boolean,
  fromFid: string,
  fromBasis: Basis,
): void {
  const isGone = headOf(draft, fromFid)?.kind === moved.kind || !passes
  const arrival = arrivalOf(service, moved)
  if (passes) decideUpdate(draft, policy, arrival)
  else decideKeptOut(draft, policy, service, moved, arrival)
  if (isGone) decideDeletion(draft, policy, service, fromFid, fromBasis)
}

/** The service moved what the head holds (perhaps with an edit on the way). */
function moveContent(draft: Draft, policy: Policy, service: string, moved: Moved, from: Head): void {
  const places = placesOf(draft, policy, from, service)
  const to = decideUpdate(draft, policy, { ...arrivalOf(service, moved), movedFrom: from.fid })
  endMove(draft, policy, service, from, to, places)
  sayMoved(draft, service, from, to)
}

/** The service moved an older content: both apply, the newer content ends at the new path. */
function moveNewerContent(draft: Draft, policy: Policy, service: string, moved: Moved, from: Head): void {
  const places = placesOf(draft, policy, from, service)
  ensureParents(draft, policy, service, moved, (file) => {
    if (file.fid !== from.fid) moveHeadAside(draft, policy, file, service)
  })
  const content: Content = { ...from, folder: moved.folder, path: moved.path }
  const to = newVersion(draft, policy, from.origin, content, {
    parents: [from.version],
    movedFrom: from.fid,
  })
  // What the service has at the new path is the older content of the same file: the newer may take its place.
  if (modeOf(policy, service, moved.folder) !== 'r') {
    setOrder(draft, service, to.fid, { version: to.version, replaces: moved.hash })
  }
  endMove(draft, policy, service, from, to, places)
  sayMoved(draft, service, from, to)
}

/** What was moved, at its new place. */
function arrivalOf(service: string, moved: Moved): Update {
  return { service, base: moved.base, redirected: false, content: moved, isMoved: true, flat: moved.flat === true }
}

type Places = readonly (readonly [service: string, place: Place])[]

/** Where each service but the mover holds the content that moves. */
export function placesOf(draft: Draft, policy: Policy, from: Head, mover?: string): Places {
  return servicesOf(policy, from.folder).flatMap(([service, { mode }]) => {
    if (service === mover || mode === 'r') return []
    const place = placeOf(draft, service, from)
    return place === undefined ? [] : [[service, place] as const]
  })
}

function endMove(draft: Draft, policy: Policy, service: string, from: Head, to: Head, places: Places): void {
  // A file that moved into a directory of its own old name: the old path lives on, and there is nothing to rename.
  if (headOf(draft, from.fid)?.version !== from.version) return
  newTombstone(draft, policy, service, from, to.fid)
  haveMoved(draft, policy, from, to, places, service)
  deleteEmptiedParent(draft, policy, service, from)
}

/** Has every service but the mover rename what it holds, or wait for the content at the new path before it deletes the old one. */
export function haveMoved(draft: Draft, policy: Policy, from: Head, to: Head, places: Places, mover?: string): void {
  for (const [target] of servicesOf(policy, from.folder)) {
    const order = orderOf(draft, target, to.fid)
    if (target !== mover && order?.version === to.version) waitFor(draft, target, from, to)
  }
  for (const [target, place] of places) {
    const order = orderOf(draft, target, to.fid)
    if (order?.version === to.version) moveAt(draft, target, place, from, to, order)
  }
}

/** Has a service rename what it holds, where that can be done. */
function moveAt(draft: Draft, service: string, place: Place, from: Head, to: Head, order: Order): void {
  const held = headOf(draft, place.fid) ?? from
  if (place.fid !== to.fid && !isNested(held, to) && !leadsTo(draft, service, to.fid, place.fid)) {
    setOrder(draft, service, to.fid, { ...order, movedFrom: place.fid })
    redirect(draft, service, { fid: place.fid, seen: seenOf(place, from, to) }, to)
    return
  }
  // It came back to where the service has it; or one path must go before the other can be; or moves would wait for each
  // other in a circle. Then the content comes from the mover, and what is here gives way.
  setOrder(draft, service, to.fid, withoutMove(order))
  const here = orderOf(draft, service, place.fid)
  if (here !== undefined) setOrder(draft, service, place.fid, withoutMove(here))
}

function isNested(one: Head, other: Head): boolean {
  if (one.folder !== other.folder) return false
  return one.path.startsWith(`${other.path}/`) || other.path.startsWith(`${one.path}/`)
}

/** Whether what a service holds at `fid` is on its way to `end`, by one or more moves. */
function leadsTo(draft: Draft, service: string, fid: string, end: string): boolean {
  const next = redirectOf(draft, service, fid)?.fid
  return next !== undefined && (next === end || leadsTo(draft, service, next, end))
}

function withoutMove({ movedFrom: _, movedTo: __, ...order }: Order): Order {
  return order
}

function sayMoved(draft: Draft, service: string, from: Head, to: Head): void {
  const { path: src, folder } = from
  say(draft, to.kind, { type: 'file_moved', service, folder, src, dest: to.path, toFolder: to.folder })
}

/** Never delete first: the deletion at the old path waits for the content at the new one. */
function waitFor(draft: Draft, service: string, from: Head, to: Head): void {
  const order = orderOf(draft, service, from.fid)
  if (order === undefined || order.movedTo !== undefined || isNested(from, to)) return
  setOrder(draft, service, from.fid, { ...order, movedTo: { fid: to.fid, version: 0 } })
}
