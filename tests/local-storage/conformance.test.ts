import { createLocalStorage, manifest } from '@onitu/driver-local-storage'
import {
  directoryPlace,
  fullDisk,
  mountSmallDisk,
  readOnlyDisk,
  smallDiskProblem,
  testDriver,
} from '@onitu/test-utils/conformance'
import { afterAll } from 'vitest'

const disk = smallDiskProblem() === undefined ? mountSmallDisk() : undefined
afterAll(() => disk?.remove())

testDriver({
  manifest,
  can: { hide: true },
  faults: disk === undefined ? [] : [fullDisk, readOnlyDisk(disk)],
  place: () => directoryPlace(disk?.path),
  async start(plug) {
    const storage = createLocalStorage(plug)
    await storage.start()
    return storage
  },
})
