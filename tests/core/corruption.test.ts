import { createHash } from 'node:crypto'
import { waitUntil } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { withHub } from '../support/hub.ts'
import { slow, twoMemoryServices } from '../support/two-memory-services.ts'

describe('a file that is written on the receiver while it is transferred', () => {
  test('keeps the newer content on both services', () =>
    withHub(twoMemoryServices({}, slow), async ({ launcher, services }) => {
      const { rep1, rep2 } = services
      const started = launcher.next('transfer_started', { service: 'rep2', path: 'file' })
      const ended = launcher.next('transfer_ended', { service: 'rep1', path: 'file' })
      await rep1.generate(rep1.path('default', 'file'), 100)
      await started
      await rep2.write(rep2.path('default', 'file'), 'corrupted')
      await ended
      const expected = createHash('md5').update('corrupted').digest('hex')
      expect(await rep1.checksum(rep1.path('default', 'file'))).toBe(expected)
      expect(await rep2.checksum(rep2.path('default', 'file'))).toBe(expected)
    }))

  test('keeps the older content too, as a conflict copy on both services', () =>
    withHub(twoMemoryServices({}, slow), async ({ launcher, services }) => {
      const { rep1, rep2 } = services
      const started = launcher.next('transfer_started', { service: 'rep2', path: 'note.txt' })
      const conflict = launcher.next('conflict', { path: 'note.txt' })
      await rep1.generate(rep1.path('default', 'note.txt'), 100)
      const older = await rep1.checksum(rep1.path('default', 'note.txt'))
      await started
      await rep2.write(rep2.path('default', 'note.txt'), 'newer')
      const { copyPath } = await conflict
      expect(copyPath).toMatch(/^note \(conflict of rep1, .*\)\.txt$/)
      await launcher.settle()
      await waitUntil(() => rep2.exists(rep2.path('default', copyPath)))
      expect(await rep1.checksum(rep1.path('default', copyPath))).toBe(older)
      expect(await rep2.checksum(rep2.path('default', copyPath))).toBe(older)
    }))
})
