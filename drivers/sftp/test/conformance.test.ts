import { testDriver } from '@onitu/test-utils/conformance'
import { openSshProblem } from '@onitu/test-utils/servers'
import { afterAll } from 'vitest'
import { createSftp, manifest } from '../src/index.ts'
import { SftpBench } from './support/sftp-service.ts'

const bench = new SftpBench()
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
      const sftp = createSftp(plug)
      await sftp.start()
      return sftp
    },
  },
  { skip: openSshProblem(), concurrent: true },
)
