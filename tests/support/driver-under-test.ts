import { type Driver, type DriverOptions, LocalStorageDriver, MemoryDriver } from '@onitu/test-utils'

/** A driver that the shared tests run against: how to make a service of it. */
export interface DriverUnderTest {
  readonly title: string
  readonly create: (name: string, options?: DriverOptions) => Driver
}

const known: Readonly<Record<string, DriverUnderTest>> = {
  memory: { title: 'memory', create: (name, options) => new MemoryDriver(name, options) },
  'local-storage': { title: 'local-storage', create: (name, options) => new LocalStorageDriver(name, options) },
}

/** All, or the one that ONITU_TEST_DRIVER names. */
export function driversUnderTest(): DriverUnderTest[] {
  const wanted = process.env.ONITU_TEST_DRIVER
  if (wanted === undefined) return Object.values(known)
  const found = known[wanted]
  if (found === undefined)
    throw new Error(`ONITU_TEST_DRIVER names ${wanted}; known are ${Object.keys(known).join(', ')}`)
  return [found]
}
