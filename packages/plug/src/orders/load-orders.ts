import {
  decode,
  type FileRecord,
  fileRecordSchema,
  type Head,
  headSchema,
  keys,
  type Order,
  orderSchema,
  parseRecord,
  UNREAD_HASH,
} from '@onitu/protocol'
import type { Engine } from '../engine.ts'

/** An order with what the service holds, as it was read. */
export interface LoadedOrder {
  readonly fid: string
  readonly order: Order
  /** As it is stored: what a commit compares with. */
  readonly bytes: Uint8Array
  readonly head: Head | undefined
  readonly record: FileRecord | undefined
  readonly undecided: boolean
  readonly from: { readonly record: FileRecord | undefined; readonly undecided: boolean } | undefined
  readonly toWaitsForThis: boolean
  readonly toPending: boolean
  readonly toHadIt: boolean
}

interface LocalState {
  readonly record: FileRecord | undefined
  readonly undecided: boolean
}

const NOTHING: LocalState = { record: undefined, undecided: false }

/**
 * Reads orders and what they depend on, many at a time. The sequence matters: the local state, then whether it is
 * decided, then the order. So a state that was decided comes with an order that knows of it.
 */
export async function loadOrders(engine: Engine, fids: readonly string[]): Promise<LoadedOrder[]> {
  const states = await loadStates(engine, fids)
  const [orders, heads] = await Promise.all([loadRawOrders(engine, fids), loadHeads(engine, fids)])
  const movedFrom = fids.flatMap((_, at) => orders[at]?.order.movedFrom ?? [])
  const movedTo = fids.flatMap((_, at) => orders[at]?.order.movedTo?.fid ?? [])
  const [fromStates, toOrders, toStates] = await Promise.all([
    loadStates(engine, movedFrom),
    loadRawOrders(engine, movedTo),
    loadStates(engine, movedTo),
  ])
  const fromByFid = new Map(movedFrom.map((fid, at) => [fid, fromStates[at] ?? NOTHING]))
  const toByFid = new Map(movedTo.map((fid, at) => [fid, toOrders[at]?.order]))
  const waitsFor = (fid: string, to: Order['movedTo']) => to !== undefined && toByFid.get(to.fid)?.movedFrom === fid
  const moving = fids.flatMap((fid, at) => {
    const loaded = orders[at]
    if (loaded === undefined) return []
    const { movedFrom: from, movedTo: to } = loaded.order
    const isOver = to !== undefined && !waitsFor(fid, to) && (states[at]?.record?.token ?? null) !== null
    return from !== undefined || isOver ? [{ fid, bytes: loaded.bytes }] : []
  })
  const changed = await changedOrders(engine, moving)
  const toStateByFid = new Map(movedTo.map((fid, at) => [fid, toStates[at]?.record]))
  return fids.flatMap((fid, at) => {
    const loaded = orders[at]
    if (loaded === undefined) return []
    const { order, bytes } = loaded
    const state = states[at] ?? NOTHING
    return {
      fid,
      order,
      bytes,
      // Without its head an order is read again.
      head: changed.has(fid) ? undefined : heads[at],
      record: state.record,
      undecided: state.undecided,
      from: order.movedFrom === undefined ? undefined : fromByFid.get(order.movedFrom),
      toPending: order.movedTo !== undefined && toByFid.get(order.movedTo.fid) !== undefined,
      toHadIt: order.movedTo !== undefined && hadSame(order.movedTo, toStateByFid.get(order.movedTo.fid), state.record),
      toWaitsForThis: waitsFor(fid, order.movedTo),
    }
  })
}

/**
 * What a file was moved from, or to, is known only after its order was read, so the state there, or that it waits no more, may be what was decided since:
 * the order that goes with it is another one then.
 */
async function changedOrders(
  engine: Engine,
  moving: readonly { readonly fid: string; readonly bytes: Uint8Array }[],
): Promise<Set<string>> {
  const now = await loadRawOrders(
    engine,
    moving.map(({ fid }) => fid),
  )
  const changed = moving.filter(({ bytes }, at) => Buffer.compare(now[at]?.bytes ?? new Uint8Array(), bytes) !== 0)
  return new Set(changed.map(({ fid }) => fid))
}

/** A record goes on saying which content a service had, when it has it no more. Version 0: what is here was no part of the move. What was never read is the same as nothing. */
function hadSame(
  { version }: NonNullable<Order['movedTo']>,
  there: FileRecord | undefined,
  here: FileRecord | undefined,
): boolean {
  if (there === undefined || here === undefined || here.token === null || here.hash === UNREAD_HASH) return false
  return (there.token !== null || version > 0) && there.hash === here.hash && there.kind === here.kind
}

/** An order as it is stored now. */
export async function loadOrder(engine: Engine, fid: string): Promise<Order | undefined> {
  const [loaded] = await loadRawOrders(engine, [fid])
  return loaded?.order
}

/** The bytes of an order as it is stored now. */
export async function loadOrderBytes(engine: Engine, fid: string): Promise<Uint8Array | undefined> {
  const [bytes] = await engine.db.getMany<Uint8Array>([keys.order(engine.service, fid)], { raw: true })
  return bytes
}

async function loadStates({ db, service }: Engine, fids: readonly string[]): Promise<LocalState[]> {
  if (fids.length === 0) return []
  const records = await loadParsed(db, fids, (fid) => keys.file(service, fid), fileRecordSchema)
  const reported = records.flatMap((record) => (record !== undefined && record.reported > 0 ? [record.reported] : []))
  const waiting = new Set<number>()
  if (reported.length > 0) {
    const found = await db.getMany(
      reported.map((sequence) => keys.outbox(service, sequence)),
      { raw: true },
    )
    for (const [at, sequence] of reported.entries()) if (found[at] !== undefined) waiting.add(sequence)
  }
  return records.map((record) => ({ record, undecided: record !== undefined && waiting.has(record.reported) }))
}

async function loadRawOrders({ db, service }: Engine, fids: readonly string[]) {
  if (fids.length === 0) return []
  const names = fids.map((fid) => keys.order(service, fid))
  const values = await db.getMany<Uint8Array>(names, { raw: true })
  return values.map((bytes, at) =>
    bytes === undefined ? undefined : { bytes, order: parseRecord(orderSchema, decode(bytes), names[at] ?? '') },
  )
}

function loadHeads({ db }: Engine, fids: readonly string[]): Promise<(Head | undefined)[]> {
  return loadParsed(db, fids, keys.head, headSchema)
}

async function loadParsed<const S extends typeof fileRecordSchema | typeof headSchema>(
  db: Engine['db'],
  fids: readonly string[],
  key: (fid: string) => string,
  schema: S,
) {
  const names = fids.map(key)
  const values = await db.getMany(names)
  return values.map((value, at) => (value === undefined ? undefined : parseRecord(schema, value, names[at] ?? '')))
}
