import { changeAuthorizedKeys, revoke } from '@onitu/majordomo/keys'
import type { FindSessionOptions } from '../../session/find-session.ts'
import { findKeyPlaces } from './places.ts'
import { tellSession } from './tell-session.ts'

/** `onitu keys revoke NAME`: when it returns, the client is cut off and its service has ended. */
export async function revokeKey(options: FindSessionOptions, name: string): Promise<void> {
  const { session, authorizedKeys } = await findKeyPlaces(options)
  await changeAuthorizedKeys(authorizedKeys, (keys) => revoke(keys, name, Date.now()))
  const ended = await tellSession({ ...options, session })
  const services = ended?.map((service) => `; service ${service} has ended`).join('') ?? ''
  process.stdout.write(`key ${name} revoked${services}\n`)
}
