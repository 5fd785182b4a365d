import { isOnituError } from '@onitu/protocol'
import type { Engine } from './engine.ts'
import { sleep } from './sleep.ts'

const FIRST_DELAY = 50
const LONGEST_DELAY = 2_000

/**
 * Asks the database until it answers or the service closes. A write must be safe to repeat: the service has changed already, so giving up would leave its
 * record wrong. A read comes before one, and what was told of would wait for the next look of the driver.
 */
export async function untilAnswered<R>(engine: Engine, ask: () => Promise<R>): Promise<R> {
  for (let delay = FIRST_DELAY; ; delay = Math.min(delay * 2, LONGEST_DELAY)) {
    try {
      return await ask()
    } catch (error) {
      if (!isOnituError(error) || !error.retryable || engine.signal.aborted) throw error
      engine.warn(`The database failed and is asked again (${error.code})`, error)
      await sleep(engine.clock, delay, engine.signal)
    }
  }
}
