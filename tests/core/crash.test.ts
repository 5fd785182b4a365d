import { type MemoryDriver, sameContent } from '@onitu/test-utils'
import { describe, test } from 'vitest'
import { type Hub, withHub } from '../support/hub.ts'
import { slow, twoMemoryServices } from '../support/two-memory-services.ts'

type Services = { readonly rep1: MemoryDriver; readonly rep2: MemoryDriver }

/** Onitu gets SIGTERM as soon as a transfer has started, and is started again. */
async function interrupt({ launcher }: Hub<Services>, from: MemoryDriver, to: MemoryDriver): Promise<void> {
  from.notifyGenerate(from.path('default', 'crash'), 200)
  const fields = { service: to.name, path: 'crash' }
  const started = launcher.next('transfer_started', fields)
  await launcher.start()
  await started
  await launcher.kill()
  const restarted = launcher.next('transfer_restarted', fields, 20_000)
  const ended = launcher.next('transfer_ended', fields, 20_000)
  await launcher.start()
  await restarted
  await ended
  await sameContent('default', 'crash', [from, to])
}

describe('a transfer that was interrupted by the end of Onitu', () => {
  test('is taken up again from rep1 to rep2', () =>
    withHub(twoMemoryServices({}, slow), (hub) => interrupt(hub, hub.services.rep1, hub.services.rep2), {
      start: false,
    }))

  test('is taken up again from rep2 to rep1', () =>
    withHub(twoMemoryServices(slow, {}), (hub) => interrupt(hub, hub.services.rep2, hub.services.rep1), {
      start: false,
    }))
})
