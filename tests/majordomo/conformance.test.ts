import { manifest } from '@onitu/driver-local-storage'
import { directoryPlace, testDriver } from '@onitu/test-utils/conformance'
import { startHosted } from './hosted-service.ts'

const driver = import.meta.resolve('@onitu/driver-local-storage')

testDriver(
  {
    manifest: { ...manifest, name: 'local-storage through Majordomo' },
    can: { hide: true },
    place: () => directoryPlace(),
    start: (plug) => startHosted(plug, driver),
  },
  { concurrent: true },
)
