import { testDriver } from '@onitu/test-utils/conformance'
import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { afterAll } from 'vitest'
import { createSftp, manifest } from '../src/index.ts'
import { fullDisk, sftpFaults, sftpPlace } from './support/sftp-service.ts'
import { mountSmallDisk, type SmallDisk, smallDiskProblem } from './support/small-disk.ts'

let starting: Promise<OpenSshServer> | undefined
let disk: SmallDisk | undefined
const server = () => {
  starting ??= OpenSshServer.start()
  return starting
}
afterAll(async () => {
  await (await starting)?.close()
  disk?.remove()
})

testDriver(
  {
    manifest,
    can: { hide: true, network: true },
    faults: [...sftpFaults(server), ...(smallDiskProblem() === undefined ? [fullDisk] : [])],
    async place() {
      if (smallDiskProblem() === undefined) disk ??= mountSmallDisk()
      return sftpPlace(await server(), disk?.path)
    },
    async start(plug) {
      const sftp = createSftp(plug)
      await sftp.start()
      return sftp
    },
  },
  { skip: openSshProblem(), concurrent: true },
)
