import { setTimeout as pause } from 'node:timers/promises'
import { type Launcher, LocalStorageDriver, waitUntil } from '@onitu/test-utils'
import { expect } from 'vitest'
import { expectAtRest } from '../crash/session-state.ts'
import { expectConverged, startWork } from '../crash/survive-kills.ts'
import { newLedger, User } from '../crash/user.ts'
import { createRandom } from '../support/random.ts'
import { readStatus } from '../support/read-status.ts'
import { RemoteClient } from '../support/remote-client.ts'
import { RemoteSetup } from '../support/remote-setup.ts'

/** `laptop` is the process on the hub, `client` the one on the other machine. */
const PARTS = ['launcher', 'escalator', 'referee', 'majordomo', 'server', 'laptop', 'client'] as const
/** ms: the client tries again after half a minute at most, and then has to look at everything. */
const RETURN = 90_000

/** Two people work, one of them on another machine, while every process is killed once per cycle, in a random order. */
export async function surviveKills(seed: number, cycles: number): Promise<void> {
  const setup = await RemoteSetup.create()
  const server = setup.add(new LocalStorageDriver('server'))
  const launcher = setup.launcher()
  const laptop = await new RemoteClient(setup, 'laptop').prepare()
  try {
    await launcher.start()
    await laptop.start(60_000)
    const random = createRandom(seed)
    const ledger = newLedger()
    const folders = [server, laptop.storage]
    const users = folders.map(
      (service) => new User(service.name, service.folderPath('default'), setup.folder, ledger, random),
    )
    const work = startWork(users, random)
    try {
      for (let cycle = 0; cycle < cycles; cycle++) {
        for (const part of random.shuffle(PARTS)) {
          // The faults come when they come: this is the distance between two of them, not a wait for something.
          await pause(100 + random.below(400))
          await kill(launcher, laptop, part)
        }
      }
    } finally {
      await work.stop()
    }
    await expectConnected(launcher)
    await launcher.settle(RETURN)
    expect(ledger.written.size).toBeGreaterThan(cycles * 10)
    await expectConverged(launcher, folders, ledger)
    await expectAtRest(launcher, folders)
  } finally {
    await laptop.kill()
    await launcher.close()
    await setup.clean()
  }
}

async function kill(launcher: Launcher, laptop: RemoteClient, part: (typeof PARTS)[number]): Promise<void> {
  if (part === 'client') {
    await laptop.kill()
    laptop.launch()
    return
  }
  if (part === 'launcher') {
    await launcher.crash()
    await launcher.start()
    return
  }
  const pid = await waitUntil(() => launcher.pid(part), { timeout: 30_000, what: `${part} does not run` })
  process.kill(pid, 'SIGKILL')
  await waitUntil(() => launcher.pid(part) !== pid, { timeout: 10_000, what: `${part} is not known to be gone` })
}

async function expectConnected(launcher: Launcher): Promise<void> {
  const state = async () => (await readStatus(launcher)).majordomo?.clients[0]?.state
  await waitUntil(async () => (await state()) === 'connected', { timeout: RETURN, what: 'the client is not back' })
}
