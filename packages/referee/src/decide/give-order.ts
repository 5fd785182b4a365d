import { type FileRecord, type Head, keys, type Order } from '@onitu/protocol'
import { type Draft, headOf, isLive, orderOf, recordOf, removeOrder, setOrder } from './draft.ts'
import { modeOf, type Policy } from './policy.ts'

type MovedTo = NonNullable<Order['movedTo']>

/**
 * Where the content that a service holds at `fid` belongs, if it still has to be moved there: see "Redirection" in
 * docs/architecture.md. The Plug removes the order with `movedFrom` in the batch that commits the move, so this never outlives it.
 */
export function redirectOf(draft: Draft, service: string, fid: string): MovedTo | undefined {
  if (isReadOnly(draft, service, fid)) return standInOf(draft, service, fid)
  const to = orderOf(draft, service, fid)?.movedTo
  if (to === undefined) return undefined
  const expected = orderOf(draft, service, to.fid)?.movedFrom === fid && isLive(headOf(draft, to.fid))
  return expected ? to : undefined
}

function isReadOnly(draft: Draft, service: string, fid: string): boolean {
  const head = headOf(draft, fid)
  return head !== undefined && modeOf(draft.policy, service, head.folder) === 'r'
}

/**
 * A read-only service that lost a conflict cannot move its content to the copy. The copy stands for what it holds, as
 * long as nobody else edits it.
 */
function standInOf(draft: Draft, service: string, fid: string): MovedTo | undefined {
  const copy = draft.copies.get(keys.copy(service, fid)) ?? draft.view.copy(service, fid)
  const head = copy === undefined ? undefined : headOf(draft, copy)
  return isLive(head) && head.origin === service ? { fid: head.fid, version: head.version } : undefined
}

/** Where a read-only service holds the content for which this copy stands. */
export function stoodForAt(draft: Draft, service: string, copy: Head): string | undefined {
  const { fid, movedFrom } = copy
  if (movedFrom === undefined || !isReadOnly(draft, service, movedFrom)) return undefined
  return standInOf(draft, service, movedFrom)?.fid === fid ? movedFrom : undefined
}

/** Where a service has the content of a head, perhaps an older one, and perhaps with changes that are not decided yet. */
export interface Place {
  readonly fid: string
  /** The version of the head up to which the service has seen it. */
  readonly seen: number
}

/** At the path of the head, or where it still waits to be moved from. Undefined when the service is not known to have built on it. */
export function placeOf(draft: Draft, service: string, head: Head): Place | undefined {
  const from = pendingMoveFrom(draft, service, head.fid)
  if (from === undefined) {
    return derivesFrom(recordOf(draft, service, head.fid), service, head)
      ? { fid: head.fid, seen: head.version }
      : undefined
  }
  const seen = orderOf(draft, service, from)?.movedTo?.version ?? 0
  const isCurrent = head.origin === service || holds(draft, service, from, head)
  return { fid: from, seen: isCurrent ? head.version : seen }
}

/** Whether a service has exactly the content of a head, at its path or where it still waits to be moved from. */
export function hasContent(draft: Draft, service: string, head: Head): boolean {
  const from = pendingMoveFrom(draft, service, head.fid)
  return holds(draft, service, head.fid, head) || (from !== undefined && holds(draft, service, from, head))
}

function holds(draft: Draft, service: string, fid: string, head: Head): boolean {
  const record = recordOf(draft, service, fid)
  return record !== undefined && record.token !== null && record.hash === head.hash && record.kind === head.kind
}

/** A service that made the head has built on it since, even if it has not heard yet which version that is. */
function derivesFrom(record: FileRecord | undefined, service: string, head: Head): boolean {
  if (record === undefined || (record.token === null && record.reported === 0)) return false
  return (
    record.version === head.version ||
    head.origin === service ||
    (record.hash === head.hash && record.kind === head.kind)
  )
}

export function holdsAnything(draft: Draft, service: string, fid: string): boolean {
  return (recordOf(draft, service, fid)?.token ?? null) !== null
}

/**
 * Tells a service that it should have this head. What an earlier order said about moves and is still to be done is
 * carried over. A read-only service is told only what it can adopt without being written.
 */
export function giveOrder(
  draft: Draft,
  policy: Policy,
  service: string,
  head: Head,
  more: Omit<Order, 'version'> = {},
): void {
  if (modeOf(policy, service, head.folder) === 'r' && !isAdoptable(draft, service, head)) {
    removeOrder(draft, service, head.fid)
    return
  }
  const prior = orderOf(draft, service, head.fid)
  const movedTo = redirectOf(draft, service, head.fid)
  const movedFrom = head.deleted ? undefined : pendingMoveFrom(draft, service, head.fid)
  const replaces = (movedTo === undefined && copiedHash(draft, service, head.fid, prior)) || prior?.replaces
  setOrder(draft, service, head.fid, {
    version: head.version,
    ...(movedTo !== undefined && { movedTo }),
    ...(movedFrom !== undefined && { movedFrom }),
    ...(replaces !== undefined && { replaces }),
    ...more,
  })
}

/** What a service that cannot rename has copied to where it belongs, and still has here. */
function copiedHash(draft: Draft, service: string, fid: string, prior: Order | undefined): string | undefined {
  if (prior?.movedTo === undefined) return undefined
  const [here, there] = [fid, prior.movedTo.fid].map((one) => recordOf(draft, service, one))
  if (here === undefined || there === undefined || here.token === null || there.token === null) return undefined
  return here.hash === there.hash ? here.hash : undefined
}

/**
 * For the order that replaces one which a service has not carried out yet: what it reported and the hub took for its own (it
 * is the content of `previous`) may be replaced or deleted, though the service has not heard that it was agreed on.
 */
export function supersede(draft: Draft, service: string, previous: Head | undefined): Pick<Order, 'replaces'> {
  if (!isLive(previous) || orderOf(draft, service, previous.fid) === undefined) return {}
  return holds(draft, service, previous.fid, previous) ? { replaces: previous.hash } : {}
}

/** Where a service has the content of a file that it still has to move to its path. */
export function pendingMoveFrom(draft: Draft, service: string, fid: string): string | undefined {
  const from = orderOf(draft, service, fid)?.movedFrom
  return from !== undefined && redirectOf(draft, service, from)?.fid === fid ? from : undefined
}

/**
 * The service has the content at its path already (its Plug was killed after it was put there, before that was noted down): what is
 * observed about the old place from now on is not about this content. Where it was copied there it is at the old place too, and may go.
 */
export function endPendingMove(draft: Draft, service: string, head: Head): void {
  const from = pendingMoveFrom(draft, service, head.fid)
  if (from === undefined) return
  const order = orderOf(draft, service, head.fid)
  const before = orderOf(draft, service, from)
  if (order !== undefined) setOrder(draft, service, head.fid, withoutFrom(order))
  if (before === undefined) return
  const replaces = holds(draft, service, from, head) ? { replaces: head.hash } : {}
  setOrder(draft, service, from, { ...withoutTo(before), ...replaces })
}

/** What a service was to move to its path has turned up at another place, which was to be its path before: it is moved from there. */
export function moveFromElsewhere(draft: Draft, service: string, head: Head, place: string): void {
  endPendingMove(draft, service, head)
  const order = orderOf(draft, service, head.fid)
  if (order === undefined) return
  setOrder(draft, service, head.fid, { ...order, movedFrom: place })
  redirect(draft, service, { fid: place, seen: head.version }, head)
}

function withoutFrom({ movedFrom: _, ...order }: Order): Order {
  return order
}

function withoutTo({ movedTo: _, ...order }: Order): Order {
  return order
}

function isAdoptable(draft: Draft, service: string, head: Head): boolean {
  const held = holdsAnything(draft, service, head.fid)
  return head.deleted ? !held : held && recordOf(draft, service, head.fid)?.hash === head.hash
}

/**
 * The version of a file that a service has seen of what it holds at a place, when that file goes on as `to`. What it had not seen of the content
 * before (`head`), it has not seen of `to` either, nor an edit that came with the move: then it is a version of the place.
 */
export function seenOf(place: Place, head: Head, to: Head): number {
  const isEdited = to.hash !== head.hash || to.kind !== head.kind
  return place.seen >= head.version && !isEdited ? to.version : place.seen
}

/** Marks what a service holds at a place as the content of `to`, to be moved there before anything else happens at the place. */
export function redirect(draft: Draft, service: string, { fid, seen }: Place, to: Head): void {
  const order = orderOf(draft, service, fid)
  const version = order?.version ?? headOf(draft, fid)?.version ?? 0
  setOrder(draft, service, fid, { ...order, version, movedTo: { fid: to.fid, version: seen } })
}
