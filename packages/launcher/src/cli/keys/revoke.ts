import { changeAuthorizedKeys, revoke } from '@onitu/majordomo/keys'
import type { FindSessionOptions } from '../../session/find-session.ts'
import { findKeyPlaces } from './places.ts'
import { tellSession } from './tell-session.ts'

/** `onitu keys revoke NAME`: when it returns, the client is cut off and its service has ended. */
export async function revokeKey(options: FindSessionOptions, name: string): Promise<void> {
  const { session, authorizedKeys } = await findKeyPlaces(options)
  const keys = await changeAuthorizedKeys(authorizedKeys, (before) => revoke(before, name, Date.now()))
  const ended = (await tellSession({ ...options, session })) ?? []
  const service = keys.find((key) => key.name === name)?.service
  const outcome = service !== undefined && ended.includes(service) ? `; service ${service} has ended` : ''
  process.stdout.write(`key ${name} revoked${outcome}\n`)
}
