import { renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { LocalStorageDriver, type Setup, waitUntil } from '@onitu/test-utils'
import { freePorts } from '@onitu/test-utils/servers'
import { describe, expect, test } from 'vitest'
import { type Hub, sharedHub, withHub } from '../support/hub.ts'
import { twoFolders } from '../support/local-services.ts'
import { readStatus } from '../support/read-status.ts'

/** A bucket on a server that does not listen. */
class BucketNowhere extends LocalStorageDriver {
  override readonly type = createRequire(import.meta.url).resolve('@onitu/driver-s3')
  readonly #port: number
  readonly #bucket: string

  constructor(name: string, port: number, bucket: string) {
    super(name)
    this.#port = port
    this.#bucket = bucket
  }

  protected override resolveFolder(): string {
    return this.#bucket
  }

  protected override ownOptions() {
    return { endpoint: `http://127.0.0.1:${this.#port}`, access_key: 'key', secret_key: 'secret' }
  }
}

const port = await freePorts(1)
const withBucket = (bucket: string) => (setup: Setup) => ({
  left: setup.add(new LocalStorageDriver('left')),
  bucket: setup.add(new BucketNowhere('bucket', port, bucket)),
})
const waitBriefly = ({ launcher }: Hub<unknown>) => launcher.run('wait', '--timeout', '1')

describe('a service that never could be reached', () => {
  const hub = sharedHub(withBucket('docs'))

  test('is shown by onitu status with the reason', async () => {
    const { services } = await readStatus(hub().launcher)
    expect(services.find(({ name }) => name === 'bucket')?.unavailable).toEqual([
      { folder: 'default', reason: expect.stringContaining('ECONNREFUSED') },
    ])
  })

  test('keeps onitu wait, which says why', async () => {
    const { status, stderr } = await waitBriefly(hub())
    expect(status, stderr).toBe(4)
    expect(stderr).toContain('service bucket is still looking at what changed\n')
    expect(stderr).toMatch(/ service bucket: folder default is unavailable: .*ECONNREFUSED/)
  })
})

test('a folder that is gone keeps nobody waiting while nothing is to be done there, but is named; with an order it is the reason', async () => {
  await withHub(twoFolders(), async (hub) => {
    const { launcher, services } = hub
    const { left, right } = services
    await launcher.settle()
    const gone = launcher.next('service_unavailable', { service: 'left' }, 20_000)
    renameSync(left.folderPath('default'), `${left.folderPath('default')} aside`)
    await gone
    const quiet = await launcher.run('wait')
    expect(quiet.status, quiet.stderr).toBe(0)
    expect(quiet.stderr).toMatch(/^service left: folder default is unavailable: .+\n$/)
    await right.write(right.path('default', 'late'), 'x')
    await waitUntil(async () => {
      const { services: known } = await readStatus(launcher)
      return known.find(({ name }) => name === 'left')?.counts?.pending === 1
    })
    const { status, stderr } = await waitBriefly(hub)
    expect(status, stderr).toBe(4)
    expect(stderr).toContain('service left (running): 1 pending\n')
    expect(stderr).toContain(' service left: folder default is unavailable: ')
  })
})

test('a bucket that no service can have is an error of the setup, which is not tried again', async () => {
  await withHub(withBucket('/'), async (hub) => {
    const { launcher } = hub
    const { processes } = await readStatus(launcher)
    const reason = expect.stringContaining('has no bucket')
    expect(processes.find(({ name }) => name === 'bucket')).toMatchObject({ state: 'failed', reason, restarts: 0 })
    expect((await launcher.run('wait')).stderr).toContain('service bucket: its process has failed: ')
  })
})
