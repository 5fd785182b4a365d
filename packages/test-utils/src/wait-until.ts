import { setTimeout as delay } from 'node:timers/promises'
import { scaled } from './time-unit.ts'
import { TimeoutError } from './timeout-error.ts'

export interface WaitUntilOptions {
  /** ms. Default 10,000. */
  readonly timeout?: number
  /** ms between two looks. Default 20. */
  readonly step?: number
  /** Said in the error. */
  readonly what?: string | (() => string)
}

/** Looks until the condition gives something other than false, undefined or null, and gives that. @throws TimeoutError */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { timeout = 10_000, step = 20, what = 'the condition did not become true' }: WaitUntilOptions = {},
): Promise<Exclude<T, false | undefined | null>> {
  const limit = scaled(timeout)
  const end = performance.now() + limit
  for (;;) {
    const value = await condition()
    if (isThere(value)) return value
    if (performance.now() > end) throw new TimeoutError(typeof what === 'string' ? what : what(), limit)
    await delay(step)
  }
}

function isThere<T>(value: T): value is Exclude<T, false | undefined | null> {
  return value !== false && value !== undefined && value !== null
}
