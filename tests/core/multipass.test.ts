import { CounterLoop, sameContent } from '@onitu/test-utils'
import { describe, test } from 'vitest'
import { withHub } from '../support/hub.ts'
import { slow, twoMemoryServices } from '../support/two-memory-services.ts'

const ROUNDS = 10

describe('a file that is written again and again while it is transferred', () => {
  test('starts a new transfer each time and ends with the last content', () =>
    withHub(twoMemoryServices({}, slow), async ({ launcher, services }) => {
      const { rep1, rep2 } = services
      const path = rep1.path('default', 'multipass')
      const fields = { service: 'rep2', path: 'multipass' }
      let started = launcher.next('transfer_started', fields)
      await rep1.generate(path, 100)
      for (let round = 0; round < ROUNDS; round++) {
        await started
        const over = new CounterLoop(1)
        launcher.onTransferAborted(over.check, fields)
        launcher.onTransferEnded(over.check, fields)
        const again = launcher.next('transfer_started', fields)
        await Promise.all([rep1.generate(path, 100), over.run()])
        started = again
      }
      await started
      await launcher.settle()
      await sameContent('default', 'multipass', [rep1, rep2])
    }))
})
