import { type DriverOptions, MemoryDriver, type Setup } from '@onitu/test-utils'

/** `rep1` and `rep2`, as most tests of the original have them. */
export function twoMemoryServices(first: DriverOptions = {}, second: DriverOptions = {}) {
  return (setup: Setup) => ({
    rep1: setup.add(new MemoryDriver('rep1', first)),
    rep2: setup.add(new MemoryDriver('rep2', second)),
  })
}

/** Chunks of one byte that take 10 ms each: a transfer that a test can interfere with. */
export const slow: DriverOptions = { chunkSize: 1, options: { delay: 10 } }
