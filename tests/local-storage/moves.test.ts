import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BooleanLoop, CounterLoop, LocalStorageDriver, MemoryDriver, type Setup, sameContent } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { slow } from '../support/two-memory-services.ts'

describe('local-storage', () => {
  const hub = sharedHub((setup: Setup) => ({
    x: setup.add(new LocalStorageDriver('rep1')),
    t: setup.add(new MemoryDriver('rep2', slow)),
  }))

  test('a file that is renamed into its folder from outside is transferred', async () => {
    const { launcher, setup, services } = hub()
    const outside = join(setup.folder, 'outside.txt')
    await writeFile(outside, 'moved in')
    const ended = launcher.next('transfer_ended', { service: 'rep2', path: 'inside.txt' })
    await rename(outside, services.x.path('default', 'inside.txt'))
    await ended
    await sameContent('default', 'inside.txt', [services.x, services.t])
  })

  test('a directory that is renamed into its folder from outside is transferred file by file', async () => {
    const { launcher, setup, services } = hub()
    const outside = join(setup.folder, 'outside')
    await mkdir(outside)
    const loop = new CounterLoop(3)
    for (const name of ['one', 'two', 'three']) {
      await writeFile(join(outside, name), name)
      launcher.onTransferEnded(loop.check, { service: 'rep2', path: `inside/${name}` })
    }
    await rename(outside, services.x.path('default', 'inside'))
    await loop.run()
    for (const name of ['one', 'two', 'three']) await sameContent('default', `inside/${name}`, [services.x, services.t])
  })

  const createAndMove = async (path: string, dest: string, between: () => Promise<unknown>) => {
    const { launcher, services } = hub()
    const { x, t } = services
    const arrived = new BooleanLoop()
    launcher.onMoveCompleted(arrived.stop, { service: 'rep2', src: path, dest })
    launcher.onTransferEnded(arrived.stop, { service: 'rep2', path: dest })
    const waited = between()
    await x.generate(x.path('default', path), 100)
    await waited
    await x.rename(x.path('default', path), x.path('default', dest))
    await arrived.run()
    await launcher.settle()
    expect(await t.exists(t.path('default', path))).toBe(false)
    await sameContent('default', dest, [x, t])
  }

  test('a file that is made and renamed at once arrives under its last name only', () =>
    createAndMove('to_move3', 'moved3', async () => undefined))

  test('a file that is renamed while it is transferred arrives under its last name only', () =>
    createAndMove('to_move4', 'moved4', () =>
      hub().launcher.next('transfer_started', { service: 'rep2', path: 'to_move4' }),
    ))
})
