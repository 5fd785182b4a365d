import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CounterLoop, LocalStorageDriver, snapshotTree, temporaryFiles } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { describe, expect, test } from 'vitest'
import { type Hub, withHub } from '../support/hub.ts'
import { SftpDriver } from '../support/sftp-driver.ts'
import { makeTree } from '../support/trees.ts'

const FILES = 500
const LARGE = 200 * 1024 * 1024
const PATIENCE = 120_000
const problem = openSshProblem()

interface Services {
  readonly local: LocalStorageDriver
  readonly remote: SftpDriver
}

/** A folder of this machine and one on a server. */
async function withSftp(body: (hub: Hub<Services>, server: OpenSshServer) => Promise<void>): Promise<void> {
  const server = await OpenSshServer.start()
  try {
    await withHub(
      (setup) => ({
        local: setup.add(new LocalStorageDriver('local')),
        remote: setup.add(new SftpDriver('remote', server)),
      }),
      (hub) => body(hub, server),
    )
  } finally {
    await server.close()
  }
}

const root = (service: LocalStorageDriver) => service.folderPath('default')

/** Equal but for the fractions of seconds, which SFTP has not. Gives how many files there are. */
async function expectEqual({ services: { local, remote } }: Hub<Services>): Promise<number> {
  const [here, there] = await Promise.all([snapshotTree(root(local)), snapshotTree(root(remote))])
  expect(wholeSeconds(there)).toEqual(wholeSeconds(here))
  for (const service of [local, remote]) expect(await temporaryFiles(root(service))).toEqual([])
  return Object.values(here).filter((line) => line.startsWith('file')).length
}

function wholeSeconds(tree: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tree).map(([path, line]) => [path, line.replace(/^(file \d+ \d+)\d{6} /, '$1 ')]),
  )
}

describe.skipIf(problem !== undefined)(
  `local and SFTP${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    test('500 files each way, then renames, edits and deletions on both sides', () =>
      withSftp(async (hub) => {
        const { launcher, services } = hub
        makeTree(join(root(services.local), 'from local'), FILES, 1)
        makeTree(join(root(services.remote), 'from remote'), FILES, 2)
        await launcher.settle(PATIENCE)
        expect(await expectEqual(hub)).toBe(2 * FILES)

        renameSync(join(root(services.local), 'from local'), join(root(services.local), 'renamed locally'))
        renameSync(join(root(services.remote), 'from remote', 'a0'), join(root(services.remote), 'renamed remotely'))
        rmSync(join(root(services.local), 'from remote', 'a1'), { recursive: true })
        await launcher.settle(PATIENCE)
        rmSync(join(root(services.remote), 'renamed locally', 'a2'), { recursive: true })
        writeFileSync(join(root(services.remote), 'renamed remotely', 'made remotely'), 'made remotely')
        writeFileSync(join(root(services.local), 'renamed remotely', 'made locally'), 'made locally')
        mkdirSync(join(root(services.remote), 'empty'))
        await launcher.settle(PATIENCE)
        expect(await expectEqual(hub)).toBe(2 * FILES - 2 * (FILES / 5) + 2)
      }))

    test.each(['local', 'remote'] as const)(
      'a file of 200 MB that begins on %s, through a restart of the server in the middle',
      (from) =>
        withSftp(async (hub, server) => {
          const { launcher, services } = hub
          const to = from === 'local' ? 'remote' : 'local'
          const started = launcher.next('transfer_started', { service: to, path: 'large' }, PATIENCE)
          writeFileSync(join(root(services[from]), 'large'), randomBytes(LARGE))
          await started
          await server.stop()
          await server.resume()
          await launcher.settle(PATIENCE)
          expect(await expectEqual(hub)).toBe(1)
        }),
    )

    test('500 files through a restart of the server in the middle, while both sides change', () =>
      withSftp(async (hub, server) => {
        const { launcher, services } = hub
        const arrived = new CounterLoop(40)
        launcher.onTransferEnded(arrived.check, { service: 'remote' }, { unique: false })
        makeTree(join(root(services.local), 'tree'), FILES, 3)
        await arrived.run(PATIENCE)
        await server.stop()
        writeFileSync(join(root(services.remote), 'made while it was down'), 'made while it was down')
        rmSync(join(root(services.local), 'tree', 'a3'), { recursive: true })
        await server.resume()
        await launcher.settle(PATIENCE)
        expect(await expectEqual(hub)).toBe(FILES - FILES / 5 + 1)
      }))
  },
)
