import { CounterLoop, type Launcher, type MemoryDriver, sameContent } from '@onitu/test-utils'
import { describe, test } from 'vitest'
import { type Hub, withHub } from '../support/hub.ts'
import { twoMemoryServices } from '../support/two-memory-services.ts'

type Services = { readonly rep1: MemoryDriver; readonly rep2: MemoryDriver }

/** Files are made through the notification queue while nothing runs; they arrive once it does. */
async function makeThenStart({ launcher, services }: Hub<Services>, count: number, size: number): Promise<void> {
  const { rep1, rep2 } = services
  const names = Array.from({ length: count }, (_, index) => `file-${index}`)
  for (const name of names) rep1.notifyGenerate(rep1.path('default', name), size)
  const loop = countTransfers(launcher, names)
  await launcher.start()
  await loop.run(10_000 + count * 200)
  for (const name of names) await sameContent('default', name, [rep1, rep2])
}

function countTransfers(launcher: Launcher, names: readonly string[]): CounterLoop {
  const loop = new CounterLoop(names.length)
  for (const path of names) launcher.onTransferEnded(loop.check, { service: 'rep2', path })
  return loop
}

describe('changes made before Onitu runs', () => {
  const run = (body: (hub: Hub<Services>) => Promise<void>) => withHub(twoMemoryServices(), body, { start: false })

  test('one file is transferred', () => run((hub) => makeThenStart(hub, 1, 100)))

  test('ten files are transferred', () => run((hub) => makeThenStart(hub, 10, 100)))

  test('a hundred files are transferred', () => run((hub) => makeThenStart(hub, 100, 10)))

  test('files of an earlier run are transferred again when they have changed', () =>
    run(async (hub) => {
      await makeThenStart(hub, 10, 100)
      await hub.launcher.quit()
      await makeThenStart(hub, 10, 100)
    }))
})
