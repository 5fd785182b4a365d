import { isOnituError } from '@onitu/protocol'
import { askSession } from '../../control/control-client.ts'
import { type FindSessionOptions, type FoundSession, findSession } from '../../session/find-session.ts'

/**
 * Has a running session take note of the changed list of keys. Gives the services that have ended because their keys were
 * revoked; undefined when none runs.
 */
export async function tellSession(options: FindSessionOptions): Promise<readonly string[] | undefined> {
  const session = await findRunning(options)
  return session === undefined ? undefined : (await askSession(session, { type: 'keys' })).ended
}

async function findRunning(options: FindSessionOptions): Promise<FoundSession | undefined> {
  try {
    return await findSession(options)
  } catch (error) {
    if (isOnituError(error) && error.code === 'NOT_RUNNING') return undefined
    throw error
  }
}
