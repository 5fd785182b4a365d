import { OnituError } from '@onitu/protocol'

/** Runs a task when it is its turn. */
export type Gate = <T>(task: () => Promise<T>) => Promise<T>

/** At most `width` tasks at a time; up to `capacity` others wait, and are served in the order in which they came. */
export function createGate(width: number, capacity = Number.POSITIVE_INFINITY): Gate {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running >= width) {
      if (waiting.length >= capacity) {
        throw new OnituError('TOO_MANY_REQUESTS', `${capacity} requests wait for the same thing; wait for answers`, {
          retryable: true,
        })
      }
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running++
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
