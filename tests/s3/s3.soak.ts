import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { CounterLoop, type Driver, LocalStorageDriver, type Setup, snapshotTree } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem, SwiftServer, swiftProblem } from '@onitu/test-utils/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Hub, withHub } from '../support/hub.ts'
import { S3Driver } from '../support/s3-driver.ts'
import { SftpDriver } from '../support/sftp-driver.ts'
import { makeTree } from '../support/trees.ts'

const FILES = 500
const LARGE = 200 * 1024 * 1024
/** Swift takes some tens of ms for each small file, and its tests run on whatever machine there is. */
const PATIENCE = 240_000
const LIMIT = { timeout: 480_000 }
const problem = swiftProblem() ?? openSshProblem()

interface Services {
  /** A folder in a directory, here or behind SFTP. */
  readonly folder: LocalStorageDriver
  readonly bucket: S3Driver
}

let swift: SwiftServer
let ssh: OpenSshServer
beforeAll(async () => {
  if (problem !== undefined) return
  swift = await SwiftServer.start()
  ssh = await OpenSshServer.start()
})
afterAll(() => Promise.all([swift?.close(), ssh?.close()]))

const folders = {
  local: (setup: Setup) => setup.add(new LocalStorageDriver('folder')),
  SFTP: (setup: Setup) => setup.add(new SftpDriver('folder', ssh)),
} as const
const root = (service: Driver) => service.folderPath('default')

function withS3(kind: keyof typeof folders, body: (hub: Hub<Services>) => Promise<void>): Promise<void> {
  return withHub((setup) => ({ folder: folders[kind](setup), bucket: setup.add(new S3Driver('bucket', swift)) }), body)
}

/** The contents are equal; there is nothing else that both sides have. Gives how many files there are. */
async function expectEqual({ services: { folder, bucket } }: Hub<Services>): Promise<number> {
  const tree = Object.entries(await snapshotTree(root(folder))).filter(([, line]) => line.startsWith('file'))
  const here = tree.map(([path, line]) => [path, line.split(' ').at(-1)])
  const names = (await bucket.below(root(bucket))).filter((name) => !name.startsWith('.onitu/'))
  const there = await inParallel(names, async (name) => {
    const content = await bucket.read(`${root(bucket)}/${name}`)
    return [name, createHash('sha256').update(content).digest('hex')]
  })
  expect(Object.fromEntries(there)).toEqual(Object.fromEntries(here))
  return names.length
}

async function fill(bucket: S3Driver, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, at) => at)
  await inParallel(numbers, (at) =>
    bucket.write(`${root(bucket)}/from bucket/d${at % 10}/file ${at}`, randomBytes(at % 4096)),
  )
}

/** A few at once: Swift takes its time for each. */
async function inParallel<T, R>(values: readonly T[], task: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < values.length; at += 16)
    results.push(...(await Promise.all(values.slice(at, at + 16).map(task))))
  return results
}

describe.skipIf(problem !== undefined)(
  `S3${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  LIMIT,
  () => {
    test.each(['local', 'SFTP'] as const)(
      'and %s: 500 files each way, then renames, edits and deletions on both sides',
      (kind) =>
        withS3(kind, async (hub) => {
          const { launcher, services } = hub
          const { folder, bucket } = services
          makeTree(join(root(folder), 'from folder'), FILES, 1)
          await fill(bucket, FILES)
          await launcher.settle(PATIENCE)
          expect(await expectEqual(hub)).toBe(2 * FILES)

          await folder.rename(join(root(folder), 'from folder'), join(root(folder), 'renamed'))
          await folder.rmdir(join(root(folder), 'from bucket', 'd0'))
          await launcher.settle(PATIENCE)
          await bucket.rmdir(`${root(bucket)}/from bucket/d1`)
          await bucket.rename(`${root(bucket)}/from bucket/d2/file 2`, `${root(bucket)}/renamed/from bucket`)
          await bucket.write(`${root(bucket)}/from bucket/d3/file 3`, 'edited in the bucket')
          await folder.write(join(root(folder), 'from bucket', 'd4', 'file 4'), 'edited in the folder')
          await launcher.settle(PATIENCE)
          expect(await expectEqual(hub)).toBe(2 * FILES - 2 * (FILES / 10))
        }),
    )

    test.each(['folder', 'bucket'] as const)(
      'a file of 200 MB that begins in the %s, through a restart of the server in the middle',
      (from) =>
        withS3('local', async (hub) => {
          const { launcher, services } = hub
          const to = from === 'folder' ? 'bucket' : 'folder'
          const started = launcher.next('transfer_started', { service: to, path: 'large' }, PATIENCE)
          await services[from].generate(`${root(services[from])}/large`, LARGE)
          await started
          await swift.stop()
          await swift.resume()
          await launcher.settle(PATIENCE)
          expect(await expectEqual(hub)).toBe(1)
        }),
    )

    test('500 files through a restart of the server in the middle', () =>
      withS3('SFTP', async (hub) => {
        const { launcher, services } = hub
        const arrived = new CounterLoop(40)
        launcher.onTransferEnded(arrived.check, { service: 'bucket' }, { unique: false })
        makeTree(join(root(services.folder), 'tree'), FILES, 3)
        await arrived.run(PATIENCE)
        await swift.stop()
        await services.folder.rmdir(join(root(services.folder), 'tree', 'a3'))
        await swift.resume()
        await launcher.settle(PATIENCE)
        expect(await expectEqual(hub)).toBe(FILES - FILES / 5)
      }))
  },
)
