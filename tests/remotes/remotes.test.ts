import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CounterLoop, type Driver, LocalStorageDriver } from '@onitu/test-utils'
import { OpenSshServer, openSshProblem, type SwiftServer, swiftProblem } from '@onitu/test-utils/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { inParallel } from '../support/in-parallel.ts'
import { S3Driver, startS3 } from '../support/s3-driver.ts'
import { SftpDriver } from '../support/sftp-driver.ts'
import { makeTree } from '../support/trees.ts'
import { expectEqualRemotes } from './expect-equal-remotes.ts'

const FILES = 500
/** Ends in the middle of a chunk, as files do. */
const LARGE = 200 * 1024 * 1024 + 123_457
/** Swift takes some tens of ms for each small file, and its tests run on whatever machine there is. */
const PATIENCE = 240_000
const problem = swiftProblem() ?? openSshProblem()

let swift: SwiftServer
let ssh: OpenSshServer

const root = (service: Driver) => service.folderPath('default')
const restart = async (between: () => Promise<void>) => {
  await Promise.all([swift.stop(), ssh.stop()])
  await between()
  await Promise.all([swift.resume(), ssh.resume()])
}

/** One folder in three services, so that each goes to both others: local <-> SFTP, local <-> S3, SFTP <-> S3. */
describe.skipIf(problem !== undefined)(
  `local, SFTP and S3 in one folder${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  { timeout: 480_000 },
  () => {
    beforeAll(async () => {
      const servers = await Promise.all([startS3(), OpenSshServer.start()])
      swift = servers[0]
      ssh = servers[1]
    }, 240_000)
    const hub = sharedHub((setup) => ({
      local: setup.add(new LocalStorageDriver('local')),
      sftp: setup.add(new SftpDriver('sftp', ssh)),
      s3: setup.add(new S3Driver('s3', swift)),
    }))
    afterAll(() => Promise.all([swift?.close(), ssh?.close()]))

    test('500 files from each, through a restart of both servers in the middle, while the others change', async () => {
      const { launcher, services } = hub()
      const { local, sftp, s3 } = services
      // What is deleted while the servers are down is at rest before.
      makeTree(join(root(local), 'deleted'), FILES / 10, 3)
      await launcher.settle(PATIENCE)
      const arrived = new CounterLoop(40)
      launcher.onTransferEnded(arrived.check, { service: 's3' }, { unique: false })
      makeTree(join(root(local), 'from local'), FILES, 1)
      makeTree(join(root(sftp), 'from sftp'), FILES, 2)
      const numbers = Array.from({ length: FILES }, (_, at) => at)
      await inParallel(numbers, 16, (at) =>
        s3.write(`${root(s3)}/from s3/d${at % 10}/file ${at}`, randomBytes(at % 4096)),
      )
      await arrived.run(PATIENCE)
      await restart(async () => {
        rmSync(join(root(local), 'deleted'), { recursive: true })
        writeFileSync(join(root(sftp), 'made while it was down'), 'made while it was down')
      })
      await launcher.settle(PATIENCE)
      expect(await expectEqualRemotes(services)).toBe(3 * FILES + 1)
    })

    test('renames, edits and deletions on all sides', async () => {
      const { launcher, services } = hub()
      const { local, sftp, s3 } = services
      renameSync(join(root(local), 'from local', 'a0'), join(root(local), 'renamed locally'))
      renameSync(join(root(sftp), 'from sftp', 'a0'), join(root(sftp), 'renamed remotely'))
      await s3.rename(`${root(s3)}/from s3/d2/file 2`, `${root(s3)}/renamed in s3/file 2`)
      rmSync(join(root(local), 'from sftp', 'a1'), { recursive: true })
      await s3.rmdir(`${root(s3)}/from s3/d1`)
      await launcher.settle(PATIENCE)
      rmSync(join(root(sftp), 'from s3', 'd0'), { recursive: true })
      await s3.write(`${root(s3)}/from s3/d3/file 3`, 'edited in s3')
      writeFileSync(join(root(local), 'from s3', 'd4', 'file 4'), 'edited locally')
      writeFileSync(join(root(sftp), 'renamed locally', 'made remotely'), 'made remotely')
      mkdirSync(join(root(sftp), 'empty'))
      await launcher.settle(PATIENCE)
      const deleted = FILES / 5 + 2 * (FILES / 10)
      expect(await expectEqualRemotes(services)).toBe(3 * FILES + 2 - deleted)
    })

    test('an object beside what is below its name takes no place of a directory: both are kept', async () => {
      const { launcher, services } = hub()
      const { local, sftp, s3 } = services
      mkdirSync(join(root(local), 'both'))
      writeFileSync(join(root(local), 'both', 'below'), 'below')
      await launcher.settle(PATIENCE)
      await s3.write(`${root(s3)}/both`, 'beside')
      await launcher.settle(PATIENCE)
      const [copy = ''] = readdirSync(root(sftp)).filter((name) => name.startsWith('both ('))
      expect(copy).toMatch(/^both \(conflict of s3, /)
      expect(readFileSync(join(root(sftp), copy), 'utf8')).toBe('beside')
      expect(readFileSync(join(root(sftp), 'both', 'below'), 'utf8')).toBe('below')
      await expectEqualRemotes(services)
    })

    test('a file of 200 MB from each at once, through a restart of both servers in the middle', async () => {
      const { launcher, services } = hub()
      const begun = (['local', 'sftp', 's3'] as const).flatMap((from) => {
        const others = Object.keys(services).filter((name) => name !== from)
        return others.map((to) =>
          launcher.next('transfer_started', { service: to, path: `large from ${from}` }, PATIENCE),
        )
      })
      const ended = new CounterLoop(begun.length)
      launcher.onTransferEnded(ended.check, {}, { unique: false })
      await Promise.all(
        Object.values(services).map((one) => one.generate(`${root(one)}/large from ${one.name}`, LARGE)),
      )
      await Promise.any(begun)
      await restart(async () => expect(ended.done).toBe(false))
      await launcher.settle(PATIENCE)
      await Promise.all(begun)
      expect(ended.done).toBe(true)
      await expectEqualRemotes(services)
    })
  },
)
