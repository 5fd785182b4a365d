import { type Driver, LocalStorageDriver, temporaryFiles, waitUntil } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem, type SwiftServer, swiftProblem } from '@onitu/test-utils/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Hub, withHub } from '../support/hub.ts'
import { partialSize } from '../support/partial-size.ts'
import { S3Driver, startS3 } from '../support/s3-driver.ts'
import { SftpDriver } from '../support/sftp-driver.ts'

const MIB = 1024 * 1024
/** Ends in the middle of a chunk, as files do. */
const LARGE = 200 * MIB + 123_457
/** Enough that a journal is written: it is after 16 MiB. */
const MIDDLE = 64 * MIB
const PATIENCE = 240_000
const problem = swiftProblem() ?? openSshProblem()

interface Services {
  readonly local: LocalStorageDriver
  readonly remote: SftpDriver | S3Driver
}

describe.skipIf(problem !== undefined)(
  `kill -9 of the service of a server in the middle of 200 MB${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  { timeout: 480_000 },
  () => {
    let swift: SwiftServer
    let ssh: OpenSshServer
    beforeAll(async () => {
      swift = await startS3()
      ssh = await OpenSshServer.start()
    }, PATIENCE)
    afterAll(() => Promise.all([swift?.close(), ssh?.close()]))

    const kinds = {
      SFTP: () => new SftpDriver('remote', ssh),
      S3: () => new S3Driver('remote', swift),
    } as const

    const withServices = (kind: keyof typeof kinds, work: (hub: Hub<Services>) => Promise<void>) =>
      withHub(
        (setup) => ({ local: setup.add(new LocalStorageDriver('local')), remote: setup.add(kinds[kind]()) }),
        async (hub) => {
          await work(hub)
          await hub.launcher.settle(PATIENCE)
          const { local, remote } = hub.services
          expect(await remote.checksum(fileOf(remote))).toBe(await local.checksum(fileOf(local)))
          await expectNothingLeft(hub.services)
        },
      )

    test.each(['SFTP', 'S3'] as const)('%s, up: goes on where it was, and nothing is left over', (kind) =>
      withServices(kind, async (hub) => {
        const { local } = hub.services
        const half = receivedHalf(hub, 'remote')
        await local.generate(fileOf(local), LARGE)
        await half
        const filter = { service: 'remote', path: 'large' }
        const restarted = hub.launcher.next('transfer_restarted', filter, PATIENCE)
        await killAndWait(hub, 'remote')
        expect((await restarted).offset).toBeGreaterThan(0)
      }),
    )

    /** It is written where it will get its name while it is read for its hash, by the process that is killed. */
    test.each(['SFTP', 'S3'] as const)('%s, down: begins anew, and nothing is left over', (kind) =>
      withServices(kind, async (hub) => {
        const { local, remote } = hub.services
        await remote.generate(fileOf(remote), LARGE)
        const isComing = () => partialSize(local.folderPath('default')) > 0
        await waitUntil(isComing, { timeout: PATIENCE, what: 'nothing was written to the local folder' })
        await killAndWait(hub, 'remote')
      }),
    )
  },
)

function fileOf(service: Driver): string {
  return service.path('default', 'large')
}

async function receivedHalf({ launcher }: Hub<Services>, service: string): Promise<void> {
  await new Promise<void>((resolve) => {
    launcher.onProgress(({ bytes }) => (bytes > MIDDLE ? resolve() : undefined), { service }, { unique: false })
  })
  launcher.unsetEvent('progress')
}

async function killAndWait({ launcher }: Hub<Services>, part: string): Promise<void> {
  const pid = launcher.pid(part)
  if (pid === undefined) throw new Error(`No process of ${part} is known`)
  process.kill(pid, 'SIGKILL')
  await waitUntil(() => launcher.pid(part) !== pid && launcher.pid(part) !== undefined, {
    timeout: PATIENCE,
    what: `${part} was not started again`,
  })
}

async function expectNothingLeft({ local, remote }: Services): Promise<void> {
  expect(await temporaryFiles(local.folderPath('default'))).toEqual([])
  const root = remote.folderPath('default')
  expect(await (remote instanceof S3Driver ? remote.unfinishedUploads(root) : temporaryFiles(root))).toEqual([])
}
