import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Launcher, LocalStorageDriver } from '@onitu/test-utils'
import { expect } from 'vitest'
import { withHub } from '../support/hub.ts'
import { threeFolders } from '../support/local-services.ts'
import { createRandom, type Random } from '../support/random.ts'
import { expectEqualTrees } from '../support/trees.ts'
import { withEvidence } from './evidence.ts'
import { killOne } from './kill-one.ts'
import { expectAtRest, runtimeDirectory } from './session-state.ts'
import { expectAllContents, type Ledger, newLedger, User } from './user.ts'

const PARTS = ['escalator', 'referee', 'left', 'right', 'third'] as const
/** Of so many kills one is that of the launcher, which takes all others with it. */
const LAUNCHER = 10

/**
 * Three people work while one process after the other is killed, whichever of those that run: nothing of what they wrote is lost or
 * damaged, the services become equal, and nothing is left behind: no temporary file, no record of work to do, no socket, no process.
 */
export function surviveKills(seed: number, kills: number): Promise<void> {
  return withHub(threeFolders(), async ({ launcher, setup, services }) => {
    const random = createRandom(seed)
    const ledger = newLedger()
    const folders = Object.values(services)
    const work = startWork(
      folders.map((service) => new User(service.name, service.folderPath('default'), setup.folder, ledger, random)),
      random,
    )
    const sockets = new Set([runtimeDirectory(launcher)])
    try {
      for (let count = 1; count <= kills; count++) {
        // The faults come when they come: this is the distance between two of them, not a wait for something.
        await pause(100 + random.below(300))
        if (count % LAUNCHER === 0) await launcher.crash().then(() => launcher.start())
        else await killOne(launcher, PARTS, random)
        sockets.add(runtimeDirectory(launcher))
      }
    } finally {
      await work.stop()
    }
    await launcher.settle(90_000)
    expect(ledger.written.size).toBeGreaterThan(kills * 2)
    await expectConverged(launcher, folders, ledger)
    await expectAtRest(launcher, folders)
    await launcher.quit()
    expect([...sockets].filter(existsSync), 'directories of sockets').toEqual([])
  })
}

/** All services hold the same, every content is one that somebody wrote, and none of those is missing that nobody took away. */
export function expectConverged(
  launcher: Launcher,
  services: readonly LocalStorageDriver[],
  ledger: Ledger,
): Promise<void> {
  const roots = services.map((service) => service.folderPath('default'))
  return withEvidence(launcher, services, async () => {
    await expectEqualTrees(services)
    expectAllContents(roots, ledger)
  })
}

/** Somebody makes a change every few ms: `pace` at most, from the end of the one before. */
export function startWork(users: readonly User[], random: Random, pace = 20): { stop(): Promise<void> } {
  let isOver = false
  const working = (async () => {
    while (!isOver) {
      random.pick(users).act()
      await pause(random.below(pace))
    }
  })()
  return {
    stop: async () => {
      isOver = true
      await working
    },
  }
}
