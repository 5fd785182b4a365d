import { directoryPlace, testDriver } from '@onitu/test-utils/conformance'
import { createService, manifest } from '../src/index.ts'

testDriver({
  manifest,
  can: { hide: true },
  async place() {
    const place = await directoryPlace()
    return { ...place, options: { interval: 0.2 } }
  },
  async start(plug) {
    const service = createService(plug)
    await service.start()
    return service
  },
})
