import { CounterLoop, waitUntil } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { twoFolders } from '../support/local-services.ts'
import { expectEqualTrees, makeTree } from '../support/trees.ts'

const FILES = 500
/** After so many have arrived, the rest is on its way. */
const ARRIVED = 40

describe('kill -9 while 500 files are on their way', () => {
  const hub = sharedHub(twoFolders())
  let made = 0

  /** `strike` is called in the middle; afterwards everything has to be there without any help. */
  const survives = async (strike: () => Promise<void>) => {
    const { launcher, services } = hub()
    const arrived = new CounterLoop(ARRIVED)
    launcher.onTransferEnded(arrived.check, { service: 'right' }, { unique: false })
    made++
    makeTree(`${services.left.folderPath('default')}/round ${made}`, FILES, made)
    await arrived.run(20_000)
    launcher.unsetEvent('transfer_ended')
    await strike()
    await launcher.settle(60_000)
    const tree = await expectEqualTrees([services.left, services.right])
    expect(Object.values(tree).filter((line) => line.startsWith('file'))).toHaveLength(FILES * made)
  }

  test.each([
    ['the Escalator', 'escalator'],
    ['the Referee', 'referee'],
    ['the service that sends', 'left'],
    ['the service that receives', 'right'],
  ])('of %s: everything arrives', (_title, part) =>
    survives(async () => {
      const { launcher } = hub()
      const pid = launcher.pid(part)
      if (pid === undefined) throw new Error(`No process of ${part} is known`)
      process.kill(pid, 'SIGKILL')
      await waitUntil(() => launcher.pid(part) !== pid && launcher.pid(part) !== undefined, {
        timeout: 20_000,
        what: `${part} was not started again`,
      })
    }),
  )

  test('of the launcher: its children end, and everything arrives after it is started again', () =>
    survives(async () => {
      const { launcher } = hub()
      await launcher.crash()
      await launcher.start()
    }))
})
