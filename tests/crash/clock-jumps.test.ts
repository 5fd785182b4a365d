import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Launcher, waitUntil } from '@onitu/test-utils'
import { test } from 'vitest'
import { fakeTimeLibrary } from '../support/fake-time.ts'
import { withHub } from '../support/hub.ts'
import { threeFolders } from '../support/local-services.ts'
import { createRandom } from '../support/random.ts'
import { expectAtRest } from './session-state.ts'
import { expectConverged, startWork } from './survive-kills.ts'
import { newLedger, User } from './user.ts'

const library = fakeTimeLibrary()
/** ms */
const HOUR = 3_600_000
const NEAR = HOUR / 4
const SEED = 11

test(`what three people change while the clock is set back by an hour, on by a day and back again is kept in sync (seed ${SEED})`, async (context) => {
  if (library === undefined) return context.skip('libfaketime is not there (Debian package faketime)')
  await withHub(
    threeFolders(),
    async ({ launcher, setup, services }) => {
      const clock = new FakeClock(launcher, join(setup.folder, 'clock'))
      const environment = clock.environment(library)
      await launcher.start({ environment })
      const random = createRandom(SEED)
      const ledger = newLedger()
      const folders = Object.values(services)
      const users = folders.map(
        (service) => new User(service.name, service.folderPath('default'), setup.folder, ledger, random),
      )
      const during = async (change: () => Promise<void>) => {
        const work = startWork(users, random)
        try {
          await change()
        } finally {
          await work.stop()
        }
        await launcher.settle()
        await expectConverged(launcher, folders, ledger)
      }
      for (const offset of [-HOUR, 24 * HOUR, -HOUR]) await during(() => clock.set(offset))
      await during(async () => {
        await launcher.quit()
        clock.write(-2 * HOUR)
        await launcher.start({ environment })
      })
      await expectAtRest(launcher, folders, { environment })
    },
    { start: false },
  )
})

/** The clock on the wall as the processes of one Onitu see it. The times of files are those of the real one. */
class FakeClock {
  readonly #file: string
  /** ms by which the last decision of the Referee was in the future. */
  #seen = 0

  constructor(launcher: Launcher, file: string) {
    this.#file = file
    this.write(0)
    const look = ({ time }: { time: number }) => {
      this.#seen = time - Date.now()
    }
    launcher.onFileUpdated(look, {}, { unique: false })
  }

  environment(preload: string): Record<string, string> {
    return {
      LD_PRELOAD: preload,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
  }

  write(offset: number): void {
    writeFileSync(`${this.#file}.new`, `${offset < 0 ? '' : '+'}${offset / 1000}\n`)
    renameSync(`${this.#file}.new`, this.#file)
  }

  /** While files are changed: resolves when the Referee goes by it. */
  async set(offset: number): Promise<void> {
    this.write(offset)
    const what = () => `the clock of Onitu is off by ${this.#seen} ms, not by ${offset}`
    await waitUntil(() => Math.abs(this.#seen - offset) < NEAR, { timeout: 20_000, what })
  }
}
