import { keys, lastPart } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import type { LoadedOrder } from './load-orders.ts'

/** What is still on its way to the Referee. */
export interface Reports {
  /** Above the numbers of all observations that are durable. */
  readonly nextSequence: number
  isBusyBelow(folder: string, path: string): boolean
}

/**
 * Directories that a user deleted and that are to come back, since something in them lives. Often it only lives because
 * the report of its own deletion, or move, was held up. So nothing is made before the Referee has decided on all that
 * was told of until then: it takes the order back if the directory has become empty, and nobody sees it come and go.
 */
export class GivenBack {
  readonly #engine: Engine
  readonly #reports: Reports
  /** By fid: the numbers below this one have to be decided. */
  #until = new Map<string, number>()

  constructor(engine: Engine, reports: Reports) {
    this.#engine = engine
    this.#reports = reports
  }

  /** Those of the orders that have to wait. */
  async waiting(orders: Iterable<LoadedOrder>): Promise<ReadonlySet<string>> {
    const given = [...orders].filter(isGivenBack)
    if (given.length === 0) return new Set()
    try {
      const first = await this.#firstUndecided()
      const waiting = new Set(given.filter((order) => this.#mustWait(order, first)).map(({ fid }) => fid))
      for (const fid of await this.#replaced(given.filter(({ fid }) => !waiting.has(fid)))) waiting.add(fid)
      return waiting
    } catch (error) {
      this.#engine.warn('The outbox could not be read, it is read again', error)
      return new Set(given.map(({ fid }) => fid))
    }
  }

  #mustWait({ fid, head }: LoadedOrder, first: number): boolean {
    if (this.#reports.isBusyBelow(head?.folder ?? '', head?.path ?? '')) {
      this.#until.delete(fid)
      return true
    }
    const until = this.#until.get(fid) ?? this.#reports.nextSequence
    if (first < until) this.#until.set(fid, until)
    else this.#until.delete(fid)
    return first < until
  }

  /** The orders were read before the outbox was: what was decided in between may have taken them back. */
  async #replaced(orders: readonly LoadedOrder[]): Promise<string[]> {
    if (orders.length === 0) return []
    const { db, service } = this.#engine
    const names = orders.map(({ fid }) => keys.order(service, fid))
    const now = await db.getMany<Uint8Array>(names, { raw: true })
    const isSame = ({ bytes }: LoadedOrder, at: number) => Buffer.compare(now[at] ?? new Uint8Array(), bytes) === 0
    return orders.filter((order, at) => !isSame(order, at)).map(({ fid }) => fid)
  }

  async #firstUndecided(): Promise<number> {
    const { db, service } = this.#engine
    const [first] = await db.keys({ prefix: keys.outboxPrefix(service), limit: 1 }).all()
    return first === undefined ? Number.POSITIVE_INFINITY : Number(lastPart(first))
  }
}

function isGivenBack({ head, record }: LoadedOrder): boolean {
  if (head === undefined || head.deleted || head.kind !== 'directory') return false
  return record !== undefined && record.token === null
}
