import type { Database, Operation } from '@onitu/escalator'
import { keys } from '@onitu/protocol'
import * as v from 'valibot'
import { planSetup, removedServices } from './plan-setup.ts'
import type { Setup } from './setup.ts'

const namesSchema = v.fallback(v.array(v.string()), [])
const DELETE_BATCH = 1_000

/**
 * Puts the setup into the database in one batch, and removes what an earlier session left that nobody may see again:
 * addresses of its sockets, and the orders and failures of services that are gone from the setup.
 *
 * What such a service holds (file records), what it reported and was not decided yet (outbox), its journals and which
 * of its roots are known stay: when it is put back it is judged as it was left. Forgetting the outbox would let an order
 * overwrite an edit that nobody decided on; forgetting a known root would make it anew and empty, that is delete everything.
 */
export async function writeSetup(database: Database, setup: Setup): Promise<void> {
  const oldServices = v.parse(namesSchema, await database.get(keys.services, { default: [] }))
  for (const service of removedServices(setup, oldServices)) {
    await deleteRange(database, keys.orderPrefix(service))
    await deleteRange(database, keys.failurePrefix(service))
  }
  await database.batch(planSetup(setup, await oldSetupKeys(database, oldServices)), { sync: true })
}

async function oldSetupKeys(database: Database, services: readonly string[]): Promise<string[]> {
  const prefixes = [
    keys.folderPrefix,
    keys.port(''),
    ...services.map((service) => keys.serviceFolderPath(service, '').replace(/:path$/, '')),
  ]
  const ranges = await Promise.all(prefixes.map((prefix) => database.keys({ prefix }).all()))
  const single = services.flatMap((service) => [
    keys.serviceDriver(service),
    keys.serviceOptions(service),
    keys.serviceFolders(service),
  ])
  return [...ranges.flat(), ...single, keys.rules, keys.session, keys.services]
}

async function deleteRange(database: Database, prefix: string): Promise<void> {
  let operations: Operation[] = []
  for await (const key of database.keys({ prefix })) {
    operations.push({ type: 'delete', key })
    if (operations.length < DELETE_BATCH) continue
    await database.batch(operations)
    operations = []
  }
  if (operations.length > 0) await database.batch(operations)
}
