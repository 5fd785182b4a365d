import { setFlagsFromString } from 'node:v8'

/** ms in which the program starts, which is no sign of work to come. */
const START = 3_000
/** How often to look, and how much of that the process must have computed, in ms. */
const STEP = 1_000
const BUSY = 500

/**
 * Lets V8 optimize from the first time on that there is something to do. The command begins without (see bin/onitu.js): a process that only waits for
 * changes never needs it.
 */
export function optimizeWhenBusy(): void {
  setTimeout(() => {
    let before = process.cpuUsage()
    const timer = setInterval(() => {
      const { user } = process.cpuUsage(before)
      before = process.cpuUsage()
      if (user < BUSY * 1000) return
      clearInterval(timer)
      setFlagsFromString('--opt')
    }, STEP).unref()
  }, START).unref()
}
