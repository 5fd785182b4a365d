import type { Bus } from '../bus/bus.ts'
import { pause } from './pause.ts'

/** ms between looks at most; and without any event before a look that comes sooner: while much happens, looking would only take time from it. */
const SLOW = 250
const CALM = 20

/** Resolves after SLOW ms, or sooner when something was published on the bus since the last look, and nothing for a moment after that. */
export function createWake(bus: Bus) {
  let lastEvent: number | undefined
  let notify: (() => void) | undefined
  const unlisten = bus.listen(() => {
    lastEvent = performance.now()
    notify?.()
  })
  return {
    async next(signal: AbortSignal): Promise<void> {
      const latest = performance.now() + SLOW
      while (!signal.aborted) {
        const due = Math.min(latest, lastEvent === undefined ? latest : lastEvent + CALM)
        const delay = due - performance.now()
        if (delay <= 0) break
        await pause(delay, signal, (end) => (notify = lastEvent === undefined ? end : undefined))
      }
      notify = undefined
      lastEvent = undefined
    },
    close: unlisten,
  }
}
