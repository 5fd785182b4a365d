import { type FileRecord, type Head, type Kind, type Order, UNREAD_HASH } from '@onitu/protocol'

/** Everything that the decision how to carry out an order depends on. */
export interface OrderView {
  readonly fid: string
  readonly order: Order
  readonly head: Head | undefined
  readonly record: FileRecord | undefined
  /** The observation that made the record what it is waits for the Referee. */
  readonly undecided: boolean
  /** What the service holds under `order.movedFrom`. */
  readonly from?: { readonly record: FileRecord | undefined; readonly undecided: boolean } | undefined
  /** The order for `order.movedTo` is there and says `movedFrom` this file. */
  readonly toWaitsForThis: boolean
  /** There is an order for `order.movedTo`. */
  readonly toPending: boolean
  /** What is held here is, or was, held under `order.movedTo` too. Unless it waits for this still, whatever became of it there somebody has done who had seen it. */
  readonly toHadIt: boolean
  /** Files with an order of their own that have to leave before anything can be made at this path. */
  readonly blockedBy: readonly string[]
  /** A directory that a user deleted, and reports about what was in it that are not decided: see GivenBack. */
  readonly isSettling: boolean
  /** There are orders for files below this path. */
  readonly ordersBelow: boolean
  readonly mode: 'r' | 'w' | 'rw'
  readonly can: { readonly move: boolean; readonly directories: boolean; readonly attributes: boolean }
}

export type OrderPlan =
  /** What was read does not fit together: look again. */
  | { readonly do: 'reread' }
  | { readonly do: 'wait'; readonly reason: 'decision' }
  | { readonly do: 'wait'; readonly reason: 'below' }
  | { readonly do: 'wait'; readonly reason: 'files'; readonly fids: readonly string[] }
  /** The service has it already. */
  | { readonly do: 'adopt' }
  /** The same content; mtime and mode are set. */
  | { readonly do: 'attributes'; readonly token: string }
  /** The version is taken note of, the service stays as it is. */
  | { readonly do: 'acknowledge' }
  /** The service is not written: it keeps what it has and has not seen the version. */
  | { readonly do: 'decline' }
  | { readonly do: 'delete'; readonly token: string }
  | { readonly do: 'rename'; readonly from: string; readonly source: FileRecord; readonly token: string }
  | { readonly do: 'make_directory' }
  /** A file or directory of the other kind goes first; then the order is planned again. */
  | { readonly do: 'clear'; readonly kind: Kind; readonly token: string }
  /** What is there was never read: it may be what is to be there, or what the driver was writing when it failed or was killed. */
  | { readonly do: 'compare'; readonly token: string }
  /** What is there was never decided on and must not be lost. */
  | { readonly do: 'move_aside'; readonly token: string }
  | { readonly do: 'fetch'; readonly replaces: string | null }

/** How an order is carried out. The cases are those of docs/architecture.md, in the same order. */
export function planOrder(view: OrderView): OrderPlan {
  const { order, head, record } = view
  if (head === undefined || head.version !== order.version) return { do: 'reread' }
  if (view.undecided) return { do: 'wait', reason: 'decision' }
  const held = heldRecord(record)
  if (held !== undefined && order.movedTo !== undefined && view.toWaitsForThis) {
    return { do: 'wait', reason: 'files', fids: [order.movedTo.fid] }
  }
  if (agrees(head, held)) return planAgreed(view, head, held)
  if (view.mode === 'r') return { do: 'decline' }
  if (head.kind === 'directory' && !view.can.directories && held === undefined) return { do: 'acknowledge' }
  if (held !== undefined && order.keeps === held.hash) return { do: 'acknowledge' }
  if (head.deleted) return planDeletion(view, held)
  return planArrival(view, head, held)
}

type Held = FileRecord & { readonly token: string }

function heldRecord(record: FileRecord | undefined): Held | undefined {
  return record !== undefined && record.token !== null ? { ...record, token: record.token } : undefined
}

function agrees(head: Head, held: Held | undefined): boolean {
  if (head.deleted || held === undefined) return head.deleted && held === undefined
  return held.hash === head.hash && held.kind === head.kind
}

function planAgreed({ order, mode, can }: OrderView, head: Head, held: Held | undefined): OrderPlan {
  // What was renamed, or was at the new place already, may have others than what would have been fetched.
  const isAsked = order.attributes === true || order.movedFrom !== undefined
  const wanted = isAsked && mode !== 'r' && can.attributes
  if (held === undefined || !wanted || !attributesDiffer(head, held)) return { do: 'adopt' }
  return { do: 'attributes', token: held.token }
}

/** Whether a service shows other times or permission bits than the hub has; what is unknown differs from nothing. */
export function attributesDiffer(head: Head, held: Pick<FileRecord, 'mtime' | 'mode'>): boolean {
  const mtimeDiffers = head.kind === 'file' && head.mtime !== null && held.mtime !== head.mtime
  return mtimeDiffers || (head.mode !== null && held.mode !== head.mode)
}

/** Content that was reported belongs to nobody else unless the Referee said that it was considered. */
function isProtected({ order, toHadIt }: OrderView, held: Held): boolean {
  return held.kind === 'file' && held.reported > 0 && order.replaces !== held.hash && !toHadIt
}

function planDeletion(view: OrderView, held: Held | undefined): OrderPlan {
  if (held === undefined) return { do: 'adopt' }
  if (isProtected(view, held)) {
    return mayBeOurs(held) ? { do: 'compare', token: held.token } : { do: 'acknowledge' }
  }
  // Never delete first: the new path may have to fetch what this service cannot give by a rename.
  if (view.order.movedTo !== undefined && view.toPending)
    return { do: 'wait', reason: 'files', fids: [view.order.movedTo.fid] }
  if (held.kind === 'directory' && view.ordersBelow) return { do: 'wait', reason: 'below' }
  return { do: 'delete', token: held.token }
}

function planArrival(view: OrderView, head: Head, held: Held | undefined): OrderPlan {
  if (view.blockedBy.length > 0) return { do: 'wait', reason: 'files', fids: view.blockedBy }
  if (held !== undefined && isProtected(view, held)) {
    // Beside what is below its name.
    if (head.kind === 'directory' && !view.can.directories) return { do: 'acknowledge' }
    return { do: mayBeSame(head, held) || mayBeOurs(held) ? 'compare' : 'move_aside', token: held.token }
  }
  if (held !== undefined && held.kind !== head.kind) {
    if (held.kind === 'directory' && view.ordersBelow) return { do: 'wait', reason: 'below' }
    return { do: 'clear', kind: held.kind, token: held.token }
  }
  if (head.kind === 'directory') return view.isSettling ? { do: 'wait', reason: 'decision' } : { do: 'make_directory' }
  return planContent(view, head, held)
}

function mayBeSame(head: Head, held: Held): boolean {
  return held.hash === UNREAD_HASH && head.kind === 'file' && held.size === head.size
}

function mayBeOurs({ hash, size, writing }: Held): boolean {
  return hash === UNREAD_HASH && writing?.some((one) => one.size === size) === true
}

function planContent({ order, from, can }: OrderView, head: Head, held: Held | undefined): OrderPlan {
  const source = heldRecord(from?.record)
  if (order.movedFrom !== undefined && source !== undefined) {
    if (from?.undecided === true) return { do: 'wait', reason: 'decision' }
    if (held === undefined && can.move && source.kind === 'file' && source.hash === head.hash) {
      return { do: 'rename', from: order.movedFrom, source, token: source.token }
    }
  }
  return { do: 'fetch', replaces: held?.token ?? null }
}
