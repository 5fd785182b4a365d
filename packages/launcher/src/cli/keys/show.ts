import { formatPublicKey, readOrCreateKeys } from '@onitu/majordomo/keys'
import type { FindSessionOptions } from '../../session/find-session.ts'
import { findKeyPlaces } from './places.ts'

/** `onitu keys show`: makes the pair when the session was never started, so that clients can be set up before. */
export async function showServerKey(options: FindSessionOptions): Promise<void> {
  const { session, serverKey } = await findKeyPlaces(options)
  const { publicKey } = await readOrCreateKeys(serverKey, session)
  process.stdout.write(formatPublicKey({ publicKey, name: session }))
}
