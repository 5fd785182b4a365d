import type { Conflict, FileRecord, Head, HeldDeletion, NewEvent, Order } from '@onitu/protocol'
import type { Policy } from './policy.ts'
import type { View } from './view.ts'

/** By service: the folders in which its deletions are held. */
export type Holding = ReadonlyMap<string, ReadonlySet<string>>

/** Everything that a decision depends on. */
export interface Situation {
  readonly view: View
  readonly policy: Policy
  /** The last version number given out. */
  readonly lastVersion: number
  /** ms since 1970. */
  readonly now: number
  readonly holding: Holding
}

/** What a decision changes; all of it is committed in one batch, or nothing. */
export interface Decision {
  readonly heads: ReadonlyMap<string, Head>
  /** By service and fid; null removes the order. */
  readonly orders: ReadonlyMap<string, ReadonlyMap<string, Order | null>>
  /** By fid of the copy; null removes the record. */
  readonly conflicts: ReadonlyMap<string, Conflict | null>
  /** By `service:S:copy:FID`, the fid of the copy. */
  readonly copies: ReadonlyMap<string, string>
  /** By `service:S:held:F:KIND:FID`; null removes the record. */
  readonly held: ReadonlyMap<string, HeldDeletion | null>
  readonly events: readonly NewEvent[]
  readonly lastVersion: number
}

/**
 * A decision in the making: reads go through what was decided so far to the view below, so that one step of a
 * transition sees the one before.
 */
export interface Draft {
  readonly policy: Policy
  readonly view: View
  /** ms since 1970, for names that need a date where a file has none. */
  readonly now: number
  readonly holding: Holding
  readonly heads: Map<string, Head>
  readonly orders: Map<string, Map<string, Order | null>>
  readonly conflicts: Map<string, Conflict | null>
  readonly copies: Map<string, string>
  readonly held: Map<string, HeldDeletion | null>
  readonly events: NewEvent[]
  lastVersion: number
}

export function createDraft({ view, policy, lastVersion, now, holding }: Situation): Draft {
  return {
    policy,
    view,
    now,
    holding,
    heads: new Map(),
    orders: new Map(),
    conflicts: new Map(),
    copies: new Map(),
    held: new Map(),
    events: [],
    lastVersion,
  }
}

export function nextVersion(draft: Draft): number {
  draft.lastVersion += 1
  return draft.lastVersion
}

export function headOf(draft: Draft, fid: string): Head | undefined {
  return draft.heads.get(fid) ?? draft.view.head(fid)
}

export function recordOf(draft: Draft, service: string, fid: string): FileRecord | undefined {
  return draft.view.record(service, fid)
}

export function orderOf(draft: Draft, service: string, fid: string): Order | undefined {
  const changed = draft.orders.get(service)?.get(fid)
  if (changed === null) return undefined
  return changed ?? draft.view.order(service, fid)
}

export function setOrder(draft: Draft, service: string, fid: string, order: Order): void {
  ordersOf(draft, service).set(fid, order)
}

export function removeOrder(draft: Draft, service: string, fid: string): void {
  if (orderOf(draft, service, fid) !== undefined) ordersOf(draft, service).set(fid, null)
}

/** Whether anything lives below a directory. */
export function livesBelow(draft: Draft, folder: string, path: string): boolean {
  return liveBelow(draft, folder, path).length > 0
}

/** What lives below a directory, the deepest first. */
export function liveBelow(draft: Draft, folder: string, path: string): Head[] {
  const found = new Map<string, Head>()
  for (const fid of draft.view.below(folder, path)) {
    const head = headOf(draft, fid)
    if (isLive(head)) found.set(fid, head)
  }
  for (const head of draft.heads.values()) {
    if (!head.deleted && head.folder === folder && head.path.startsWith(`${path}/`)) found.set(head.fid, head)
  }
  return [...found.values()].sort((one, other) => other.path.length - one.path.length)
}

export function isLive(head: Head | undefined): head is Head {
  return head !== undefined && !head.deleted
}

function ordersOf(draft: Draft, service: string): Map<string, Order | null> {
  const existing = draft.orders.get(service)
  if (existing !== undefined) return existing
  const created = new Map<string, Order | null>()
  draft.orders.set(service, created)
  return created
}
