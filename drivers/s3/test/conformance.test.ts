import { testDriver } from '@onitu/test-utils/conformance'
import { SwiftServer, swiftProblem } from '@onitu/test-utils/servers'
import { afterAll } from 'vitest'
import { createS3, manifest } from '../src/index.ts'
import { s3Faults, s3Place } from './support/s3-service.ts'

let starting: Promise<SwiftServer> | undefined
afterAll(async () => {
  await (await starting)?.close()
})

testDriver(
  {
    manifest,
    can: { hide: true, network: true },
    faults: s3Faults(),
    async place() {
      starting ??= SwiftServer.start()
      return s3Place(await starting)
    },
    async start(plug) {
      const s3 = createS3(plug)
      await s3.start()
      return s3
    },
  },
  { skip: swiftProblem(), concurrent: true },
)
