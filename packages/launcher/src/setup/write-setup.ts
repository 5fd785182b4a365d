import type { Database, Operation } from '@onitu/escalator'
import { keys } from '@onitu/protocol'
import * as v from 'valibot'
import { planSetup, removedServices } from './plan-setup.ts'
import type { Setup } from './setup.ts'

const namesSchema = v.fallback(v.array(v.string()), [])
const DELETE_BATCH = 1_000

/**
 * Puts the setup into the database in one batch, and removes what an earlier session left that nobody may see again:
 * addresses of its sockets, the orders and failures of services that are gone from the setup, and requests for the Referee
 * with their answers: whoever asked was told that the session ended, and would be surprised by what is done days later.
 *
 * What such a service holds (file records), what it reported and was not decided yet (outbox), its journals and which
 * of its roots are known stay: when it is put back it is judged as it was left. Forgetting the outbox would let an order
 * overwrite an edit that nobody decided on; forgetting a known root would make it anew and empty, that is delete everything.
 */
export async function writeSetup(database: Database, setup: Setup): Promise<void> {
  const oldServices = v.parse(namesSchema, await database.get(keys.services, { default: [] }))
  await forgetWork(database, removedServices(setup, oldServices))
  await database.clear({ prefix: keys.requestPrefix })
  await database.clear({ prefix: keys.answerPrefix })
  await database.batch(planSetup(setup, await oldSetupKeys(database, oldServices)), { sync: true })
}

/**
 * The same while the session runs: the addresses of sockets stay, but for those of services that are gone. The Referee and
 * the services that are gone do not run meanwhile. `more` is written in the same batch.
 */
export async function changeSetup(database: Database, setup: Setup, more: readonly Operation[]): Promise<void> {
  const oldServices = v.parse(namesSchema, await database.get(keys.services, { default: [] }))
  const removed = removedServices(setup, oldServices)
  await forgetWork(database, removed)
  const old = await oldSetupKeys(database, oldServices)
  const ports = new Set(removed.map((service) => keys.port(`plug:${service}`)))
  const gone = old.filter((key) => !key.startsWith(keys.port('')) || ports.has(key))
  await database.batch([...planSetup(setup, gone), ...more], { sync: true })
}

async function forgetWork(database: Database, services: readonly string[]): Promise<void> {
  for (const service of services) {
    await deleteRange(database, keys.orderPrefix(service))
    await deleteRange(database, keys.failurePrefix(service))
  }
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
    keys.serviceRules(service),
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
