import type { CallOptions, Database } from '@onitu/escalator'
import { keys } from '@onitu/protocol'
import { countKeys, readFailures } from '../status/read-service.ts'
import type { FailedFile } from '../status/status.ts'

/** What keeps a service from being up to date. */
export interface PendingService {
  readonly service: string
  readonly state: string
  /** Orders not carried out, and changes not decided. */
  readonly pending: number
  readonly reported: number
  readonly failed: readonly FailedFile[]
}

/**
 * Whether there is nothing to decide and nothing to carry out. A decision removes the observation and adds the orders in one
 * batch, so orders are read after outboxes; carrying out an order may report something before it ends, so outboxes are
 * read again after the orders.
 */
export async function isQuiet(database: Database, services: readonly string[], options: CallOptions): Promise<boolean> {
  const outboxes = services.map((service) => keys.outboxPrefix(service))
  const orders = services.map((service) => keys.orderPrefix(service))
  for (const prefixes of [outboxes, orders, outboxes]) {
    const found = await Promise.all(prefixes.map((prefix) => database.keys({ prefix, limit: 1, ...options }).all()))
    if (found.some((keysFound) => keysFound.length > 0)) return false
  }
  return true
}

export async function findPending(
  database: Database,
  services: ReadonlyMap<string, { readonly state: string }>,
  options: CallOptions,
): Promise<PendingService[]> {
  const all = await Promise.all(
    [...services].map(async ([service, { state }]): Promise<PendingService> => {
      const [pending, reported, failed] = await Promise.all([
        countKeys(database, keys.orderPrefix(service), options),
        countKeys(database, keys.outboxPrefix(service), options),
        readFailures(database, service, options),
      ])
      return { service, state, pending, reported, failed }
    }),
  )
  return all.filter(({ pending, reported }) => pending + reported > 0)
}
