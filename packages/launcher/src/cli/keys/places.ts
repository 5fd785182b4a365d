import { join } from 'node:path'
import { type KeyPlaces, keyPlaces } from '@onitu/majordomo/keys'
import type { FindSessionOptions } from '../../session/find-session.ts'
import { sessionName } from '../../session/session-name.ts'

/** The key files of the session that a command is about; it need not run, and may never have. */
export async function findKeyPlaces(options: FindSessionOptions): Promise<KeyPlaces & { readonly session: string }> {
  const session = await sessionName(options)
  return { session, ...keyPlaces(join(options.configDirectory, session)) }
}
