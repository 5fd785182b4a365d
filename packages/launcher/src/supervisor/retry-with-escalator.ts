import { isOnituError } from '@onitu/protocol'
import { pause } from '../wait/pause.ts'
import type { SupervisedProcess } from './supervised-process.ts'
import { untilRunning } from './until-running.ts'

/** ms between tries on a database that just went away. */
const RETRY = 200

/** Does something at the database. Escalator may die between being ready and this; it is started again then, and this goes on. */
export async function retryWithEscalator(
  escalator: SupervisedProcess,
  signal: AbortSignal,
  act: () => Promise<void>,
  warn: (message: string) => void,
): Promise<void> {
  for (;;) {
    try {
      return await act()
    } catch (error) {
      signal.throwIfAborted()
      if (!isOnituError(error) || !error.retryable) throw error
      warn(`Writing the setup failed, trying again: ${error.message}`)
      await pause(RETRY, signal)
      await untilRunning(escalator, signal)
    }
  }
}
