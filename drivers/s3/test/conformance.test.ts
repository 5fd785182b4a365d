import { testDriver } from '@onitu/test-utils/conformance'
import { SwiftServer, swiftProblem } from '@onitu/test-utils/servers'
import { afterAll } from 'vitest'
import { createS3, manifest } from '../src/index.ts'
import { s3Faults, s3Place } from './support/s3-service.ts'

let starting: Promise<SwiftServer> | undefined
const server = () => {
  starting ??= SwiftServer.start()
  return starting
}
afterAll(async () => {
  await (await starting)?.close()
})

testDriver(
  {
    manifest,
    can: { hide: true, network: true },
    // On a busy machine a look takes long, and the more time passes before the next one.
    noticed: 60_000,
    faults: s3Faults(server),
    place: async () => s3Place(await server()),
    async start(plug) {
      const s3 = createS3(plug)
      await s3.start()
      return s3
    },
  },
  { skip: swiftProblem(), concurrent: true },
)
