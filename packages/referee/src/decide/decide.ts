import { type Kind, mimetypeOf, type Observation } from '@onitu/protocol'
import { decideDeletion, deleteKeptParents } from './decide-deletion.ts'
import { decideKeptOut } from './decide-kept-out.ts'
import { decideMove, type Moved } from './decide-move.ts'
import { decideUpdate, olderVersion } from './decide-update.ts'
import { createDraft, type Decision, type Draft, headOf, isLive, orderOf, type Situation, setOrder } from './draft.ts'
import { endPendingMove, giveOrder, redirectOf } from './give-order.ts'
import { isHeld } from './is-held.ts'
import type { Basis } from './lineage.ts'
import type { Content } from './new-version.ts'
import type { Policy } from './policy.ts'
import { isHeard, passesSource } from './targets.ts'
import { endUnansweredMove } from './unanswered-move.ts'

/**
 * Decides what an observation of a service means for everyone. Pure: the same situation gives the same decision.
 * The cases are in docs/architecture.md and, by name, in decide.test.ts.
 */
export function decide(situation: Situation, service: string, observation: Observation): Decision {
  const draft = createDraft(situation)
  decideObservation(draft, situation.policy, service, observation)
  return draft
}

function decideObservation(draft: Draft, policy: Policy, service: string, observation: Observation): void {
  if (!isHeard(draft, policy, service, observation)) {
    if (observation.type !== 'deleted') giveBack(draft, policy, service, observation)
    return
  }
  switch (observation.type) {
    case 'updated': {
      endUnansweredMove(draft, policy, service, observation.fid)
      deleteReplaced(draft, policy, service, observation)
      const { fid, base, ordered = false, renamed = false, flat = false, emptyAt, unnotedUntil } = observation
      const { content, ...place } = locate(draft, service, fid, base, observation)
      const basis = place.redirected ? { flat, ...place } : { flat, ordered, renamed, emptyAt, unnotedUntil, ...place }
      if (passesSource(draft, policy, service, { mimetype: mimetypeOf(content.path), ...content }))
        decideUpdate(draft, policy, { service, content, ...basis })
      else decideKeptOut(draft, policy, service, content, basis)
      return
    }
    case 'deleted':
      endUnansweredMove(draft, policy, service, observation.fid)
      decideGone(draft, policy, service, observation)
      return
    case 'moved':
      decideMoved(draft, policy, service, observation)
      return
  }
}

type Present = Exclude<Observation, { type: 'deleted' }>

/**
 * A service that is only written has something else now where it was given a directory, or the reverse: that is moved aside. Or its driver had
 * written what it was told to, and had not said so, and it is not to be there any more.
 */
function giveBack(draft: Draft, policy: Policy, service: string, seen: Present): void {
  const head = headOf(draft, seen.fid)
  const isOurs = seen.type === 'updated' && seen.ordered === true
  const isWrong = isOurs ? head?.deleted === true || head?.hash !== seen.hash : isLive(head) && head.kind !== seen.kind
  if (head !== undefined && isWrong) giveOrder(draft, policy, service, head)
}

function decideGone(draft: Draft, policy: Policy, service: string, observation: Observation): void {
  const { fid, base } = observation
  if (!isLive(headOf(draft, fid))) deleteKeptParents(draft, policy, service, observation)
  const to = redirectOf(draft, service, fid)
  const moved = to !== undefined && headOf(draft, fid)?.deleted === true ? headOf(draft, to.fid) : undefined
  const goesOn = moved !== undefined && isHeld(draft, policy, moved, service)
  // Moved by somebody meanwhile: what was deleted here goes on living there, as it would had the move come second.
  if (goesOn) endPendingMove(draft, service, moved)
  if (to === undefined || goesOn) decideDeletion(draft, policy, service, fid, { base, redirected: false })
  else decideDeletion(draft, policy, service, to.fid, { base: to.version, redirected: true })
}

function decideMoved(draft: Draft, policy: Policy, service: string, moved: Moved): void {
  const { fid, base, from } = moved
  const to = redirectOf(draft, service, from.fid)
  const target = headOf(draft, fid)
  const isOurs = isOwnRename(draft, service, moved)
  const update = { service, content: moved, redirected: false, flat: moved.flat === true }
  if (to?.fid === fid && target !== undefined) {
    // The content is where it was to be moved: somebody did the same, or the Plug, which was killed before it noted it down.
    endPendingMove(draft, service, target)
    decideUpdate(draft, policy, { ...update, base: to.version })
  } else if (to === undefined && isOurs) {
    // The Plug did, and the order is gone since: at the old place the service has nothing, as if it never had.
    decideUpdate(draft, policy, { ...update, base })
    const head = headOf(draft, from.fid)
    if (head !== undefined) giveOrder(draft, policy, service, head)
  } else if (to !== undefined && isOurs) {
    // The Plug did, and the content was to go elsewhere since: it goes there from where it is now.
    reroute(draft, policy, service, moved, to)
  } else {
    const basis = { base: to?.version ?? from.base, redirected: to !== undefined }
    decideMove(draft, policy, service, moved, to?.fid ?? from.fid, basis)
  }
}

/**
 * The Plug was killed after it had renamed a file for an order, which is gone since. That order was for a version that is younger than what the service had
 * at the old place: one who moves a file back, where it was before, is a user. So is one who moves what everybody has at the old place still: no order was about that.
 */
function isOwnRename(draft: Draft, service: string, moved: Moved): boolean {
  const { fid, base, from } = moved
  const there = headOf(draft, from.fid)
  if (there !== undefined && !there.deleted && there.version === from.base) return false
  const version = olderVersion(draft, { service, base, redirected: false, content: moved }, fid)
  return version !== undefined && version > from.base
}

function reroute(
  draft: Draft,
  policy: Policy,
  service: string,
  { fid, from, hash }: Moved,
  to: { readonly fid: string; readonly version: number },
): void {
  const target = headOf(draft, to.fid)
  const here = headOf(draft, fid)
  const before = headOf(draft, from.fid)
  if (target === undefined || here === undefined) return
  endPendingMove(draft, service, target)
  if (before !== undefined) giveOrder(draft, policy, service, before)
  giveOrder(draft, policy, service, here, { replaces: hash })
  const order = orderOf(draft, service, fid)
  const next = orderOf(draft, service, to.fid)
  if (order === undefined || next === undefined) return
  setOrder(draft, service, fid, { ...order, movedTo: to })
  setOrder(draft, service, to.fid, { ...next, movedFrom: fid })
}

/** A directory where a file waited to be moved elsewhere, or the reverse: what was to be moved is gone. */
function deleteReplaced(
  draft: Draft,
  policy: Policy,
  service: string,
  { fid, kind }: { fid: string; kind: Kind },
): void {
  const to = redirectOf(draft, service, fid)
  if (to === undefined || headOf(draft, to.fid)?.kind === kind) return
  decideDeletion(draft, policy, service, to.fid, { base: to.version, redirected: true })
}

/** An observation about a path whose content waits to be moved elsewhere is about that content: see redirectOf. */
function locate(
  draft: Draft,
  service: string,
  fid: string,
  base: number,
  content: Content,
): Basis & { readonly content: Content; readonly heldAt?: string } {
  const to = redirectOf(draft, service, fid)
  const head = to === undefined ? undefined : headOf(draft, to.fid)
  if (to === undefined || head === undefined) return { content, base, redirected: false }
  const { folder, path } = head
  return { content: { ...content, folder, path }, base: to.version, redirected: true, heldAt: fid }
}
