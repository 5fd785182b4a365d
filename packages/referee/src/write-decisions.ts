import type { Condition, Operation } from '@onitu/escalator'
import { keys, type Order, orderSchema, parseRecord } from '@onitu/protocol'
import type { Decision } from './decide/draft.ts'
import type { LoadedFile } from './decide/loaded-view.ts'

/**
 * What a row of decisions writes: later ones win over earlier ones. The observations that were decided are removed in
 * the same batch.
 */
export function operationsOf(
  decisions: readonly Decision[],
  decided: readonly string[],
  lastVersion: number,
): Operation[] {
  const operations = new Map<string, Operation>()
  const put = (key: string, value: unknown) => operations.set(key, { type: 'put', key, value })
  const remove = (key: string) => operations.set(key, { type: 'delete', key })
  for (const decision of decisions) {
    for (const head of decision.heads.values()) {
      put(keys.head(head.fid), head)
      put(keys.version(head.fid, head.version), head)
      if (head.deleted) remove(keys.path(head.folder, head.path))
      else put(keys.path(head.folder, head.path), head.fid)
    }
    for (const [fid, conflict] of decision.conflicts) {
      if (conflict === null) remove(keys.conflict(fid))
      else put(keys.conflict(fid), conflict)
    }
    for (const [key, fid] of decision.copies) put(key, fid)
    for (const [key, held] of decision.held) {
      if (held === null) remove(key)
      else put(key, held)
    }
    for (const [service, fid, order] of ordersOf(decision)) {
      const key = keys.order(service, fid)
      if (order === null) remove(key)
      else put(key, canonical(order, key))
    }
    if (decision.heads.size > 0) put(keys.lastVersion, lastVersion)
  }
  for (const key of decided) remove(key)
  return [...operations.values()]
}

export function* ordersOf(decision: Decision): Generator<[service: string, fid: string, order: Order | null]> {
  for (const [service, orders] of decision.orders) {
    for (const [fid, order] of orders) yield [service, fid, order]
  }
}

/**
 * What must still be so when the batch is written: the version counter (should a second Referee ever run), and orders
 * about moves, which a decision may carry over while the Plug completes them.
 */
export function conditionsOf(
  asRead: ReadonlyMap<string, LoadedFile>,
  decisions: readonly Decision[],
  lastVersion: number,
): Condition[] {
  const counter: Condition =
    lastVersion === 0 ? { key: keys.lastVersion, absent: true } : { key: keys.lastVersion, equals: lastVersion }
  const moves = new Map<string, Condition>()
  for (const decision of decisions) {
    for (const [service, fid] of ordersOf(decision)) {
      const order = asRead.get(fid)?.orders.get(service)
      if (order?.movedFrom === undefined && order?.movedTo === undefined) continue
      const key = keys.order(service, fid)
      moves.set(key, { key, equals: order })
    }
  }
  return [counter, ...moves.values()]
}

/**
 * Conditions compare bytes, and whoever reads an order parses it: so orders are written with the order of fields that
 * parsing gives.
 */
function canonical(order: Order, key: string): Order {
  return parseRecord(orderSchema, order, key)
}
