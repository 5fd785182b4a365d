import { type FileRecord, type Head, UNREAD_HASH } from '@onitu/protocol'
import { asidePath } from '../../packages/plug/src/orders/aside-path.ts'
import { type OrderPlan, planOrder } from '../../packages/plug/src/orders/plan-order.ts'
import { fileOf, type ModelHub, type ModelService, ordersOf, setRecord } from './model-hub.ts'
import { below, directory, type Entry, hashOfContent, makeParents, tokenOf } from './model-service.ts'

/** The Plug of a service takes one step with one of its orders. Gives whether anything happened. */
export function carryOutOne(hub: ModelHub, service: ModelService, fid: string): boolean {
  const plan = planFor(hub, service, fid)
  if (plan.do === 'wait' || plan.do === 'reread') return false
  const head = fileOf(hub, fid).head
  if (head === undefined) return false
  const done = apply(hub, service, head, plan)
  hub.log.push(`${service.name} ${done ? 'does' : 'cannot'} ${plan.do} ${head.path} v${head.version}`)
  return done
}

export function planFor(hub: ModelHub, service: ModelService, fid: string): OrderPlan {
  const { head, record, order } = stateOf(hub, service, fid)
  if (order === undefined) return { do: 'reread' }
  const others = ordersOf(hub, service)
  const path = head?.path ?? ''
  const to = order.movedTo === undefined ? undefined : fileOf(hub, order.movedTo.fid).orders.get(service.name)
  const above = others.filter(({ fid: id, head: other }) => {
    const held = fileOf(hub, id).records.get(service.name)
    const clears =
      held?.token != null && held.kind === 'file' && (other?.deleted === true || other?.kind === 'directory')
    return clears && path.startsWith(`${held.path}/`)
  })
  return planOrder({
    fid,
    order,
    head,
    record,
    undecided: isUndecided(service, record),
    from: order.movedFrom === undefined ? undefined : localState(hub, service, order.movedFrom),
    toWaitsForThis: to?.movedFrom === fid,
    toPending: to !== undefined,
    toHadIt: order.movedTo !== undefined && hadSame(hub, service, order.movedTo, record),
    blockedBy: above.map(({ fid: id }) => id),
    ordersBelow: others.some(({ head: other }) => other?.path.startsWith(`${path}/`) === true),
    isSettling: isGivenBack(record) && service.outbox.length > 0,
    mode: service.mode,
    can: { move: true, directories: true, attributes: true },
  })
}

function hadSame(
  hub: ModelHub,
  service: ModelService,
  to: { readonly fid: string; readonly version: number },
  record: FileRecord | undefined,
): boolean {
  const other = fileOf(hub, to.fid).records.get(service.name)
  const isPart = other?.token != null || to.version > 0
  const isHeld = record?.token != null && record.hash !== UNREAD_HASH
  return isPart && isHeld && other?.hash === record.hash && other.kind === record.kind
}

/** Deleted by its user: see GivenBack of the Plug. */
function isGivenBack(record: FileRecord | undefined): boolean {
  return record !== undefined && record.token === null && record.reported > 0
}

function localState(hub: ModelHub, service: ModelService, fid: string) {
  const record = fileOf(hub, fid).records.get(service.name)
  return { record, undecided: isUndecided(service, record) }
}

function isUndecided(service: ModelService, record: FileRecord | undefined): boolean {
  return record !== undefined && service.outbox.some(({ sequence }) => sequence === record.reported)
}

type Act = Exclude<OrderPlan, { do: 'wait' | 'reread' }>

function apply(hub: ModelHub, service: ModelService, head: Head, plan: Act): boolean {
  const { record } = stateOf(hub, service, head.fid)
  switch (plan.do) {
    case 'adopt':
      return finish(
        hub,
        service,
        head,
        record === undefined ? absent(head) : { ...record, version: head.version, reported: 0 },
      )
    case 'acknowledge':
      return finish(hub, service, head, record === undefined ? absent(head) : { ...record, version: head.version })
    case 'attributes':
      return withToken(service, head.path, plan.token, (entry) =>
        put(hub, service, head, { ...entry, mtime: head.mtime ?? 0, mode: head.mode ?? entry.mode }),
      )
    case 'delete':
      return withToken(service, head.path, plan.token, () => erase(hub, service, head, record))
    case 'make_directory':
      return makeDirectory(hub, service, head)
    case 'clear':
      return withToken(service, head.path, plan.token, () => {
        if (below(service.tree, head.path).length > 0) return false
        service.tree.delete(head.path)
        forget(hub, service, head.fid)
        return true
      })
    case 'decline':
      return finish(hub, service, head, record ?? absent(head))
    case 'rename':
      return rename(hub, service, head, plan)
    case 'compare':
      return compare(hub, service, head, plan.token)
    case 'move_aside':
      return moveAside(hub, service, head, plan.token)
    case 'fetch':
      return fetch(hub, service, head, plan.replaces)
  }
}

function withToken(service: ModelService, path: string, token: string, act: (entry: Entry) => boolean): boolean {
  const entry = service.tree.get(path)
  return entry !== undefined && tokenOf(entry) === token && act(entry)
}

function erase(hub: ModelHub, service: ModelService, head: Head, record: FileRecord | undefined): boolean {
  // A directory with files that nobody syncs stays, and is known to stay.
  if (below(service.tree, head.path).length > 0)
    return finish(hub, service, head, { ...(record ?? absent(head)), version: head.version })
  service.tree.delete(head.path)
  service.seen.delete(head.path)
  return finish(hub, service, head, absent(head))
}

function makeDirectory(hub: ModelHub, service: ModelService, head: Head): boolean {
  const there = service.tree.get(head.path)
  if (there?.kind === 'file' || !makeParents(service.tree, head.path, hub.ledger)) return false
  return put(hub, service, head, there ?? directory(hub.ledger))
}

function rename(hub: ModelHub, service: ModelService, head: Head, plan: Extract<Act, { do: 'rename' }>): boolean {
  const { path } = plan.source
  return withToken(service, path, plan.token, (entry) => {
    if (service.tree.has(head.path) || !makeParents(service.tree, head.path, hub.ledger)) return false
    service.tree.delete(path)
    service.seen.delete(path)
    forget(hub, service, plan.from)
    return put(hub, service, head, { ...entry, mtime: head.mtime ?? 0, mode: head.mode ?? entry.mode })
  })
}

function compare(hub: ModelHub, service: ModelService, head: Head, token: string): boolean {
  return withToken(service, head.path, token, ({ content }) => {
    const { record } = stateOf(hub, service, head.fid)
    if (record === undefined || hashOfContent(content) !== head.hash) return moveAside(hub, service, head, token)
    setRecord(hub, service, head.fid, { ...record, hash: head.hash })
    return true
  })
}

function moveAside(hub: ModelHub, service: ModelService, head: Head, token: string): boolean {
  const path = asidePath(head.path, service.name, service.tree.get(head.path)?.mtime ?? 0)
  return withToken(service, head.path, token, (entry) => {
    if (service.tree.has(path)) return false
    service.tree.set(path, entry)
    service.tree.delete(head.path)
    service.seen.delete(head.path)
    forget(hub, service, head.fid)
    return true
  })
}

function fetch(hub: ModelHub, service: ModelService, head: Head, replaces: string | null): boolean {
  const content = contentFromSource(hub, service, head)
  const there = service.tree.get(head.path)
  if (content === undefined || (there === undefined ? null : tokenOf(there)) !== replaces) return false
  if (there?.kind === 'directory' || !makeParents(service.tree, head.path, hub.ledger)) return false
  const attributes = { mtime: head.mtime ?? 0, mode: head.mode ?? 0o644 }
  return put(hub, service, head, { kind: 'file', content, ...attributes, inode: ++hub.ledger.inode })
}

/**
 * As the Plug does: a service whose record of this file, or of the one it was moved from, has the hash, and still shows it. The
 * asker itself may hold it at the other path.
 */
function contentFromSource(hub: ModelHub, asker: ModelService, head: Head): number | undefined {
  for (const service of hub.services) {
    if (service.mode === 'w') continue
    for (const fid of [head.fid, head.movedFrom, stateOf(hub, asker, head.fid).order?.movedFrom]) {
      if (service === asker && fid === head.fid) continue
      const record = fid === undefined ? undefined : fileOf(hub, fid).records.get(service.name)
      const entry = record === undefined ? undefined : service.tree.get(record.path)
      if (record?.hash === head.hash && entry !== undefined && tokenOf(entry) === record.token) return entry.content
    }
  }
  return undefined
}

/** Puts an entry in the tree as the head says and commits. */
function put(hub: ModelHub, service: ModelService, head: Head, entry: Entry): boolean {
  service.tree.set(head.path, entry)
  service.seen.set(head.path, entry)
  const { folder, path, kind, size, hash, version } = head
  return finish(hub, service, head, {
    folder,
    path,
    kind,
    size,
    hash,
    mtime: kind === 'directory' ? null : entry.mtime,
    mode: kind === 'directory' ? null : entry.mode,
    version,
    token: tokenOf(entry),
    reported: 0,
  })
}

function absent({ folder, path, kind, size, hash, mtime, mode, version }: Head): FileRecord {
  return { folder, path, kind, size, hash, mtime, mode, version, token: null, reported: 0 }
}

function finish(hub: ModelHub, service: ModelService, head: Head, record: FileRecord): boolean {
  setRecord(hub, service, head.fid, record)
  const file = fileOf(hub, head.fid)
  const orders = new Map(file.orders)
  orders.delete(service.name)
  hub.database.files.set(head.fid, { ...file, orders })
  return true
}

function forget(hub: ModelHub, service: ModelService, fid: string): void {
  const record = fileOf(hub, fid).records.get(service.name)
  if (record !== undefined) setRecord(hub, service, fid, { ...record, token: null })
}

function stateOf(hub: ModelHub, service: ModelService, fid: string) {
  const { head, records, orders } = fileOf(hub, fid)
  return { head, record: records.get(service.name), order: orders.get(service.name) }
}
