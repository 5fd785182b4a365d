import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  copyFile,
  type Driver,
  type DriverFeatures,
  deleteFile,
  MemoryDriver,
  moveFile,
  type Setup,
  sameContent,
} from '@onitu/test-utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { driversUnderTest, type Services } from '../support/driver-under-test.ts'
import { sharedHub, testIf } from '../support/hub.ts'

/** For one step; a server may be busy with other things. */
const TIMEOUT = 30_000
const START_TIMEOUT = 240_000
const plain = { x: 'rep1', t: 'rep2', before: 'before', after: 'after' }
const unicode = { x: '®ép1', t: '®èp2', before: 'ùñï©∅ð€ 1', after: 'mºˇ€Ð 1' }

/** Only what the driver declares is tested; a feature that is off makes no test at all. */
for (const { title, features, problem, start } of driversUnderTest()) {
  const why = problem === undefined ? '' : ` (not tested here: ${problem})`
  describe.skipIf(problem !== undefined)(`${title}${why}`, () => {
    let services: Services | undefined
    beforeAll(async () => {
      services = await start()
    }, START_TIMEOUT)
    afterAll(() => services?.close())
    const create = (name: string) => {
      if (services === undefined) throw new Error('The services are made after their server has started')
      return services.create(name)
    }
    const secrets = () => services?.secrets ?? []
    describe('services and files with plain names', () => fileTests(create, features, plain, secrets))
    describe('services and files with Unicode names', () => fileTests(create, features, unicode, secrets))
  })
}

function fileTests(
  create: (name: string) => Driver,
  features: DriverFeatures,
  names: typeof plain,
  secrets: () => readonly string[],
): void {
  const build = (setup: Setup) => ({ x: setup.add(create(names.x)), t: setup.add(new MemoryDriver(names.t)) })
  const hub = sharedHub(build, { parameters: ['--debug'] })
  const step = (direction: 'from' | 'to', path: string) => {
    const { x, t } = hub().services
    const ends = direction === 'from' ? { from: t, to: [x] } : { from: x, to: [t] }
    return { ...ends, path: `${path} ${direction}`, size: 100, timeout: TIMEOUT }
  }

  const copy = (direction: 'from' | 'to') => copyFile(hub().launcher, step(direction, `copy ${names.before}`))
  const remove = async (direction: 'from' | 'to') => {
    const wanted = step(direction, `delete ${names.before}`)
    await copyFile(hub().launcher, wanted)
    await deleteFile(hub().launcher, wanted)
  }
  const move = async (direction: 'from' | 'to') => {
    const wanted = step(direction, `move ${names.before}`)
    await copyFile(hub().launcher, wanted)
    await moveFile(hub().launcher, { ...wanted, dest: `${names.after} ${direction}` })
  }

  testIf(features, 'copyFileFromOnitu', 'gets a file', () => copy('from'))
  testIf(features, 'copyFileToOnitu', 'gives a file', () => copy('to'))
  testIf(features, 'deleteFileFromOnitu', 'deletes a file that was deleted elsewhere', () => remove('from'))
  testIf(features, 'deleteFileToOnitu', 'tells of a deletion', () => remove('to'))
  testIf(features, 'moveFileFromOnitu', 'moves a file that was moved elsewhere', () => move('from'))
  testIf(features, 'moveFileToOnitu', 'tells of a move', () => move('to'))
  testIf(features, 'detectDeletedFileOnLaunch', 'tells at start of a file that was deleted before', async () => {
    const { launcher, services } = hub()
    const wanted = step('to', 'deleted while stopped')
    await copyFile(launcher, wanted)
    await removeBehindItsBack(services.x, wanted.path)
    const { path } = wanted
    const deleted = launcher.next('file_deleted', { service: names.x, path }, TIMEOUT)
    const completed = launcher.next('deletion_completed', { service: names.t, path }, TIMEOUT)
    await launcher.start()
    await deleted
    await completed
    expect(await services.t.exists(services.t.path('default', path))).toBe(false)
  })

  /** The memory service lives in its process: it drops the file silently, then everything stops. A folder waits for the stop. */
  async function removeBehindItsBack(service: Driver, path: string): Promise<void> {
    const { launcher } = hub()
    const at = service.path('default', path)
    if (service instanceof MemoryDriver) await service.unlink(at, { notify: false })
    await launcher.quit()
    if (!(service instanceof MemoryDriver)) await service.unlink(at)
  }

  test('tells no secret: not in its log, which has everything, nor in its status', async () => {
    const { launcher } = hub()
    const { stdout } = await launcher.run('status', '--json')
    const logs = join(launcher.sessionDirectory, 'logs')
    const written = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'))
    const told = [stdout, launcher.process.stdout, launcher.process.stderr, ...written].join('\n')
    // What is only logged with --debug.
    expect(told).toContain('"level":20')
    for (const secret of secrets()) expect(told).not.toContain(secret)
  })

  testIf(features, 'copyTreeToOnitu', 'gives a tree of files', async () => {
    const { launcher, services } = hub()
    const { x, t } = services
    const paths = ['a/b/c/one', 'a/b/two', 'a/three'].map((path) => `tree/${path}`)
    for (const path of paths) await x.generate(x.path('default', path), 100)
    await launcher.settle(TIMEOUT)
    for (const path of paths) await sameContent('default', path, [x, t])
  })
}
