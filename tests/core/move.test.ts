import { CounterLoop, copyFile, moveFile } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { twoMemoryServices } from '../support/two-memory-services.ts'

describe('a move', () => {
  const hub = sharedHub(twoMemoryServices())

  test('is carried to the service that got the file', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    await copyFile(launcher, { path: 'to_move1', size: 100, from: rep1, to: [rep2] })
    await moveFile(launcher, { path: 'to_move1', dest: 'moved1', from: rep1, to: [rep2] })
  })

  test('is carried from the service that got the file to where it was made', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    await copyFile(launcher, { path: 'to_move2', size: 100, from: rep1, to: [rep2] })
    await moveFile(launcher, { path: 'to_move2', dest: 'moved2', from: rep2, to: [rep1] })
  })

  test('goes to another directory', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    await copyFile(launcher, { path: 'test/with/subdirs/foo', size: 100, from: rep1, to: [rep2] })
    await moveFile(launcher, {
      path: 'test/with/subdirs/foo',
      dest: 'test/to/other/dir/bar',
      from: rep1,
      to: [rep2],
    })
  })

  test('of a directory is one move for each file', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    const names = ['foo', 'bar']
    for (const name of names) await copyFile(launcher, { path: `dir/${name}`, size: 100, from: rep1, to: [rep2] })
    const loop = new CounterLoop(4)
    for (const name of names) {
      const fields = { src: `dir/${name}`, dest: `other/${name}` }
      launcher.onFileMoved(loop.check, { service: 'rep1', ...fields })
      launcher.onMoveCompleted(loop.check, { service: 'rep2', ...fields })
    }
    await rep1.rename(rep1.path('default', 'dir'), rep1.path('default', 'other'))
    await loop.run()
    for (const name of names) {
      expect(await rep2.exists(rep2.path('default', `dir/${name}`))).toBe(false)
      expect(await rep2.checksum(rep2.path('default', `other/${name}`))).toBe(
        await rep1.checksum(rep1.path('default', `other/${name}`)),
      )
    }
  })
})
