import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Launcher, LocalStorageDriver, temporaryFiles, waitUntil } from '@onitu/test-utils'
import { FaultyProxy, OpenSshServer, openSshProblem } from '@onitu/test-utils/servers'
import { describe, expect, test } from 'vitest'
import { killOne } from '../crash/kill-one.ts'
import { expectAtRest } from '../crash/session-state.ts'
import { withHub } from '../support/hub.ts'
import { createRandom, type Random } from '../support/random.ts'
import { SftpDriver } from '../support/sftp-driver.ts'

const SEED = Number(process.env.ONITU_SEED ?? Date.now() % 1_000_000)
const STEPS = 40
const PATIENCE = 300_000
const MIB = 1024 * 1024
/** From 64 MiB on a file is uploaded before it is read for its hash. */
const SIZES = [70 * MIB, 64 * MIB + 12_345, 90 * MIB + 1, 20 * MIB]
const NAMES = ['one', 'two', 'three']
const problem = openSshProblem()

/** Random contents would take longer to make than to sync. */
const sample = randomBytes(MIB)

/** Somebody does something with a large file of the local folder. */
function change(root: string, random: Random): void {
  const path = join(root, random.pick(NAMES))
  const kind = random.pick(['write', 'write', 'append', 'rename', 'delete'] as const)
  if (kind === 'write' || !existsSync(path)) {
    const content = Buffer.alloc(random.pick(SIZES), sample)
    content.writeUInt32LE(random.below(2 ** 31), random.below(content.byteLength - 4))
    const aside = `${root} aside`
    writeFileSync(aside, content)
    renameSync(aside, path)
  } else if (kind === 'append') appendFileSync(path, 'more')
  else if (kind === 'rename') renameSync(path, join(root, random.pick(NAMES)))
  else rmSync(path)
}

async function happen(launcher: Launcher, proxy: FaultyProxy, random: Random): Promise<void> {
  const kind = random.pick(['none', 'kill', 'kill', 'cut', 'cut in the middle', 'closed'] as const)
  if (kind === 'kill') return killOne(launcher, ['escalator', 'referee', 'local', 'sftp', 'sftp'], random)
  if (kind === 'cut') return proxy.cut()
  if (kind === 'cut in the middle') return proxy.cutAfter(random.below(60 * MIB))
  if (kind === 'closed') {
    proxy.refuse()
    await pause(random.below(1000))
    proxy.heal()
  }
}

describe.skipIf(problem !== undefined)(
  `large files from a local folder to SFTP${problem === undefined ? '' : ` (not tested here: ${problem})`}`,
  () => {
    test(`arrive as they are, and nothing is left over, when processes and connections fail at random (seed ${SEED})`, {
      timeout: 1_200_000,
    }, async () => {
      const ssh = await OpenSshServer.start()
      const proxy = await FaultyProxy.start(ssh.host, ssh.port)
      try {
        await withHub(
          (setup) => ({
            local: setup.add(new LocalStorageDriver('local')),
            sftp: setup.add(new SftpDriver('sftp', ssh, { options: { port: proxy.port } })),
          }),
          async ({ launcher, services: { local, sftp } }) => {
            const random = createRandom(SEED)
            const [here, there] = [local, sftp].map((service) => service.folderPath('default')) as [string, string]
            for (let step = 0; step < STEPS; step++) {
              change(here, random)
              await pause(random.below(900))
              await happen(launcher, proxy, random)
            }
            proxy.heal()
            await launcher.settle(PATIENCE)
            for (const name of NAMES) {
              const path = join(here, name)
              expect(existsSync(join(there, name)), name).toBe(existsSync(path))
              if (existsSync(path)) expect(readFileSync(path).equals(readFileSync(join(there, name))), name).toBe(true)
            }
            // What no order came for has half a minute.
            const isClean = async () => (await temporaryFiles(there)).length === 0
            await waitUntil(isClean, { timeout: 90_000, what: `${await temporaryFiles(there)} are left` })
            await expectAtRest(launcher, [local, sftp])
            expect(await temporaryFiles(here)).toEqual([])
          },
        )
      } finally {
        await proxy.close()
        await ssh.close()
      }
    })
  },
)
