import { setTimeout as pause } from 'node:timers/promises'
import { type Launcher, LocalStorageDriver } from '@onitu/test-utils'
import { FaultyProxy, OpenSshServer } from '@onitu/test-utils/servers'
import { expect } from 'vitest'
import { killOne } from '../crash/kill-one.ts'
import { startWork } from '../crash/survive-kills.ts'
import { expectAllContents, type Ledger, newLedger, placeOf, User } from '../crash/user.ts'
import { withHub } from '../support/hub.ts'
import { createRandom, type Random } from '../support/random.ts'
import { S3Driver, startS3 } from '../support/s3-driver.ts'
import { SftpDriver } from '../support/sftp-driver.ts'
import { expectEqualRemotes } from './expect-equal-remotes.ts'

const PARTS = ['escalator', 'referee', 'local', 'sftp', 's3'] as const
const PATIENCE = 300_000
/** One fault of so many is the death of the launcher, which takes all others with it. */
const LAUNCHER = 10

/**
 * People work in a local folder, in one behind SFTP and in S3, while processes are killed and the ways to both servers cut, slowed down, closed and left
 * silent: nothing of what they wrote is lost or damaged, the services become equal, and nothing is left behind.
 */
export async function surviveFaults(seed: number, faults: number): Promise<void> {
  const [swift, ssh] = await Promise.all([startS3(), OpenSshServer.start()])
  const [toSwift, toSsh] = await Promise.all([
    FaultyProxy.start(swift.host, swift.port),
    FaultyProxy.start(ssh.host, ssh.port),
  ])
  try {
    await withHub(
      (setup) => ({
        local: setup.add(new LocalStorageDriver('local')),
        sftp: setup.add(new SftpDriver('sftp', ssh, { options: { port: toSsh.port } })),
        s3: setup.add(new S3Driver('s3', swift, { options: { endpoint: `http://127.0.0.1:${toSwift.port}` } })),
      }),
      async ({ launcher, setup, services }) => {
        const random = createRandom(seed)
        const ledger = newLedger()
        const { local, sftp, s3 } = services
        const roots = [local, sftp].map((service) => service.folderPath('default'))
        const users = [local, sftp].map(
          (service) => new User(service.name, service.folderPath('default'), setup.folder, ledger, random),
        )
        const work = [startWork(users, random, 60), startWriting(s3, ledger, random)]
        try {
          for (let count = 1; count <= faults; count++) {
            // The faults come when they come: this is the distance between two of them, not a wait for something.
            await pause(200 + random.below(800))
            await (count % LAUNCHER === 0
              ? launcher.crash().then(() => launcher.start())
              : happen(launcher, random, random.pick([toSwift, toSsh])))
          }
        } finally {
          await Promise.all(work.map((one) => one.stop()))
          for (const proxy of [toSwift, toSsh]) proxy.heal()
        }
        await launcher.settle(PATIENCE)
        expect(ledger.written.size).toBeGreaterThan(faults)
        await expectEqualRemotes(services)
        expectAllContents(roots, ledger)
      },
    )
  } finally {
    await Promise.all([toSwift.close(), toSsh.close()])
    await Promise.all([swift.close(), ssh.close()])
  }
}

/** One fault, whatever it is: over when this resolves, but for a slow way. */
async function happen(launcher: Launcher, random: Random, proxy: FaultyProxy): Promise<void> {
  const kind = random.pick(['kill', 'kill', 'cut', 'cut in the middle', 'slow', 'closed', 'silent'] as const)
  if (kind === 'kill') return killOne(launcher, PARTS, random)
  if (kind === 'cut') return proxy.cut()
  if (kind === 'cut in the middle') return proxy.cutAfter(random.below(50_000))
  if (kind === 'slow') return proxy.delay(random.below(30))
  if (kind === 'closed') proxy.refuse()
  else proxy.swallow()
  await pause(random.below(2000))
  proxy.heal()
}

/** Somebody puts new objects into S3. Nothing is replaced or deleted there: who does that in S3 cannot know what it was. */
function startWriting(s3: S3Driver, ledger: Ledger, random: Random): { stop(): Promise<void> } {
  let isOver = false
  const working = (async () => {
    for (let serial = 1; !isOver; serial++) {
      const id = `s3-${serial}`
      const path = `${s3.folderPath('default')}/gamma/${id}`
      await s3.write(path, `${id}\n${'x'.repeat(random.below(30_000))}`)
      ledger.written.set(id, placeOf(path))
      await pause(random.below(200))
    }
  })()
  return {
    stop: async () => {
      isOver = true
      await working
    },
  }
}
