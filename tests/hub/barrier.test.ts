import { snapshotTree } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { twoFolders } from '../support/local-services.ts'
import { createRandom } from '../support/random.ts'
import { changeAtRandom } from '../support/random-changes.ts'
import { expectEqualTrees } from '../support/trees.ts'

const ROUNDS = 8
const CHANGES = 25

describe('onitu wait', () => {
  const hub = sharedHub(twoFolders())

  test.each([1, 2, 3])('is a barrier for random changes, seed %i', async (seed) => {
    const { launcher, services } = hub()
    const { left, right } = services
    const random = createRandom(seed)
    for (let round = 0; round < ROUNDS; round++) {
      const side = random.pick([left, right])
      const root = side.folderPath('default')
      for (let index = 0; index < CHANGES; index++) changeAtRandom(root, random)
      const made = await snapshotTree(root)
      await launcher.settle()
      expect(await snapshotTree(root), `round ${round}: ${side.name} before and after`).toEqual(made)
      await expectEqualTrees([left, right])
    }
  })

  test('gives 0 at once when nothing is pending, also for several that wait', async () => {
    const { launcher } = hub()
    const results = await Promise.all([launcher.run('wait'), launcher.run('wait'), launcher.run('wait')])
    expect(results.map(({ status }) => status)).toEqual([0, 0, 0])
  })
})
