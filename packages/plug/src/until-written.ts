import { isOnituError } from '@onitu/protocol'
import type { Engine } from './engine.ts'
import { sleep } from './sleep.ts'

const FIRST_DELAY = 50
const LONGEST_DELAY = 2_000

/**
 * Repeats a write until the database has taken it or the service closes. What is written must be safe to repeat: the
 * service has changed already, so giving up would leave its record wrong.
 */
export async function untilWritten(engine: Engine, write: () => Promise<void>): Promise<void> {
  for (let delay = FIRST_DELAY; ; delay = Math.min(delay * 2, LONGEST_DELAY)) {
    try {
      return await write()
    } catch (error) {
      if (!isOnituError(error) || !error.retryable || engine.signal.aborted) throw error
      engine.warn(`A write to the database failed and is repeated (${error.code})`, error)
      await sleep(engine.clock, delay, engine.signal)
    }
  }
}
