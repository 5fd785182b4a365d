import type { RemoteRecord } from '@onitu/majordomo'
import { type AuthorizedKey, findGoodKey } from '@onitu/majordomo/keys'
import type { Setup } from '../setup/setup.ts'
import { grantRemote } from './grant-remote.ts'

/** A service that a client once set up and that is not to run now. */
export interface RestingRemote {
  readonly service: string
  /** Its key was revoked then, in ms since 1970; null when something else is against it. */
  readonly revoked: number | null
  readonly reason: string
}

export interface Merged {
  readonly setup: Setup
  readonly resting: readonly RestingRemote[]
}

/** The setup of the hub with the services of clients in it. Pure. */
export function mergeRemotes(
  setup: Setup,
  records: ReadonlyMap<string, RemoteRecord>,
  keys: readonly AuthorizedKey[],
  driverUrl: string,
): Merged {
  const services = new Map(setup.services)
  const resting: RestingRemote[] = []
  for (const [name, record] of records) {
    const { service, problems } = grantRemote(name, record, keys, setup, driverUrl)
    if (service !== undefined) services.set(name, service)
    else resting.push({ service: name, revoked: revokedAt(record, keys), reason: problems.join('; ') })
  }
  return { setup: { ...setup, services }, resting }
}

function revokedAt({ publicKey }: RemoteRecord, keys: readonly AuthorizedKey[]): number | null {
  if (findGoodKey(keys, publicKey) !== undefined) return null
  return keys.find((key) => key.publicKey === publicKey)?.revoked ?? null
}
