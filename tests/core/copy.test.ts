import { copyFile } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { twoMemoryServices } from '../support/two-memory-services.ts'

const KIB = 1024
const MIB = 1024 * KIB

describe('a file that is made on one service', () => {
  const hub = sharedHub(twoMemoryServices())

  const copy = (path: string, size: number) => {
    const { launcher, services } = hub()
    return copyFile(launcher, { path, size, from: services.rep1, to: [services.rep2], timeout: 15_000 })
  }

  test('is copied when it has 10 bytes', () => copy('small', 10))

  test('is copied when it has 100 bytes', () => copy('regular', 100))

  test('is copied again when it is written again with the same size', async () => {
    await copy('same', 100)
    await copy('same', 100)
  })

  test('leaves no tail of the longer content that it replaces', async () => {
    await copy('smaller', 10 * KIB)
    await copy('smaller', KIB)
  })

  test('replaces a shorter content', async () => {
    await copy('bigger', KIB)
    await copy('bigger', 10 * KIB)
  })

  test('is copied in several chunks when it has 10 MiB', () => copy('big', 10 * MIB))

  test('starts and ends a transfer when it is empty', async () => {
    const { launcher } = hub()
    const started = launcher.next('transfer_started', { service: 'rep2', path: 'empty' })
    await copy('empty', 0)
    expect(await started).toMatchObject({ source: 'rep1' })
  })

  test('has its directories made on the way', () => copy('sub/dir/deep/file', 100))

  test('is copied from either service', async () => {
    const { launcher, services } = hub()
    await copyFile(launcher, { path: 'from-rep2', size: 100, from: services.rep2, to: [services.rep1] })
  })
})
