import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withHub } from '../support/hub.ts'
import { threeFolders } from '../support/local-services.ts'
import { createRandom } from '../support/random.ts'
import { expectConverged, startWork } from './survive-kills.ts'
import { newLedger, User } from './user.ts'

/** ms: longer than any deadline of a database request. */
const STOPPED = 20_000
const SEED = Number(process.env.ONITU_SEED ?? Date.now() % 1_000_000)

test(`an Escalator that stands still while three people work is waited for, and nothing is restarted (seed ${SEED})`, () =>
  withHub(threeFolders(), async ({ launcher, setup, services }) => {
    const pids = () => ['escalator', 'referee', ...Object.keys(services)].map((part) => launcher.pid(part))
    const before = pids()
    const [escalator] = before
    if (escalator === undefined) throw new Error('No process of the Escalator is known')
    const random = createRandom(SEED)
    const ledger = newLedger()
    const folders = Object.values(services)
    const users = folders.map((one) => new User(one.name, one.folderPath('default'), setup.folder, ledger, random))
    const work = startWork(users, random, 200)
    process.kill(escalator, 'SIGSTOP')
    try {
      // The fault itself: this long nothing answers.
      await pause(STOPPED)
    } finally {
      process.kill(escalator, 'SIGCONT')
      await work.stop()
    }
    await launcher.settle()
    await expectConverged(launcher, folders, ledger)
    expect(pids()).toEqual(before)
  }))
