import { testDriver } from '@onitu/test-utils/conformance'
import { swiftProblem } from '@onitu/test-utils/servers'
import { afterAll } from 'vitest'
import { createS3, manifest } from '../src/index.ts'
import { S3Bench } from './support/s3-service.ts'

const bench = new S3Bench()
afterAll(() => bench.close())

testDriver(
  {
    manifest,
    can: { hide: true, network: true },
    // On a busy machine a look takes long, and the more time passes before the next one.
    noticed: 60_000,
    faults: bench.faults,
    place: () => bench.place(),
    async start(plug) {
      const s3 = createS3(plug)
      await s3.start()
      return s3
    },
  },
  { skip: swiftProblem(), concurrent: true },
)
