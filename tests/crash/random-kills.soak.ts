import { setTimeout as pause } from 'node:timers/promises'
import { type Launcher, type LocalStorageDriver, waitUntil } from '@onitu/test-utils'
import { expect, test } from 'vitest'
import { withHub } from '../support/hub.ts'
import { threeFolders } from '../support/local-services.ts'
import { createRandom, type Random } from '../support/random.ts'
import { expectEqualTrees } from '../support/trees.ts'
import { contentsOf, type Ledger, User } from './user.ts'

/** In each, every process is killed once, in a random order. */
const CYCLES = 10
const PARTS = ['launcher', 'escalator', 'referee', 'left', 'right', 'third'] as const
const SEED = Number(process.env.ONITU_SEED ?? Date.now() % 1_000_000)

test(
  `nothing is lost when processes are killed at random 60 times while three people work (seed ${SEED})`,
  {
    timeout: 600_000,
  },
  () =>
    withHub(threeFolders(), async ({ launcher, setup, services }) => {
      const random = createRandom(SEED)
      const ledger: Ledger = { written: new Set(), replaced: new Set() }
      const users = Object.values(services).map(
        (service) => new User(service.name, service.folderPath('default'), setup.folder, ledger, random),
      )
      const work = startWork(users, random)
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        for (const part of random.shuffle(PARTS)) {
          // The faults come when they come: this is the distance between two of them, not a wait for something.
          await pause(100 + random.below(300))
          await kill(launcher, part)
        }
      }
      await work.stop()
      await launcher.settle(60_000)
      await expectEqualTrees(Object.values(services))
      expectAllContents(Object.values(services), ledger)
    }),
)

async function kill(launcher: Launcher, part: (typeof PARTS)[number]): Promise<void> {
  if (part === 'launcher') {
    await launcher.crash()
    await launcher.start()
    return
  }
  const pid = await waitUntil(() => launcher.pid(part), { timeout: 30_000, what: `${part} does not run` })
  process.kill(pid, 'SIGKILL')
  await waitUntil(() => launcher.pid(part) !== pid, { timeout: 10_000, what: `${part} is not known to be gone` })
}

/** Everybody makes a change every few ms. */
function startWork(users: readonly User[], random: Random): { stop(): Promise<void> } {
  let isOver = false
  const working = (async () => {
    while (!isOver) {
      random.pick(users).act()
      await pause(random.below(20))
    }
  })()
  return {
    stop: async () => {
      isOver = true
      await working
    },
  }
}

function expectAllContents(services: readonly LocalStorageDriver[], { written, replaced }: Ledger): void {
  const present = new Set(services.flatMap((service) => [...contentsOf(service.folderPath('default'))]))
  expect(
    [...present].filter((id) => !written.has(id)),
    'contents that nobody wrote',
  ).toEqual([])
  const lost = [...written].filter((id) => !present.has(id) && !replaced.has(id))
  expect(lost, 'contents that nobody took away').toEqual([])
  expect(written.size).toBeGreaterThan(100)
}
