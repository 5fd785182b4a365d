import { CounterLoop, copyFile, deleteFile } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { twoMemoryServices } from '../support/two-memory-services.ts'

describe('a deletion', () => {
  const hub = sharedHub(twoMemoryServices())

  test('is carried to the service that got the file', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    await copyFile(launcher, { path: 'del1', from: rep1, to: [rep2] })
    await deleteFile(launcher, { path: 'del1', from: rep1, to: [rep2] })
  })

  test('is carried from the service that got the file to where it was made', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    await copyFile(launcher, { path: 'del2', from: rep1, to: [rep2] })
    await deleteFile(launcher, { path: 'del2', from: rep2, to: [rep1] })
  })

  test('of a directory is one deletion for each file', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    await copyFile(launcher, { path: 'dir/foo', from: rep1, to: [rep2] })
    await copyFile(launcher, { path: 'dir/bar', from: rep1, to: [rep2] })
    const loop = new CounterLoop(4)
    for (const path of ['dir/foo', 'dir/bar']) {
      launcher.onFileDeleted(loop.check, { service: 'rep1', path })
      launcher.onDeletionCompleted(loop.check, { service: 'rep2', path })
    }
    await rep1.rmdir(rep1.path('default', 'dir'))
    await loop.run()
    expect(await rep2.exists(rep2.path('default', 'dir/foo'))).toBe(false)
    expect(await rep2.exists(rep2.path('default', 'dir/bar'))).toBe(false)
  })

  test('does not come back when the file is made and deleted many times', async () => {
    const { launcher, services } = hub()
    const { rep1, rep2 } = services
    const path = rep1.path('default', 'again')
    for (let round = 0; round < 10; round++) {
      await rep1.generate(path, 50)
      await rep1.unlink(path)
    }
    await launcher.settle()
    expect(await rep1.exists(path)).toBe(false)
    expect(await rep2.exists(rep2.path('default', 'again'))).toBe(false)
  })
})
