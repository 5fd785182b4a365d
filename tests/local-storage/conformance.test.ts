import { createLocalStorage, manifest } from '@onitu/driver-local-storage'
import { directoryPlace, testDriver } from '@onitu/test-utils/conformance'

testDriver({
  manifest,
  can: { hide: true },
  place: () => directoryPlace(),
  async start(plug) {
    const storage = createLocalStorage(plug)
    await storage.start()
    return storage
  },
})
