import { copyFile, MemoryDriver, type Setup, sameContent } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { withHub } from '../support/hub.ts'
import { slow } from '../support/two-memory-services.ts'

describe('the choice of a source', () => {
  test('aborts the transfer when the only source has dropped the file', () => {
    const build = (setup: Setup) => ({
      a: setup.add(new MemoryDriver('A')),
      b: setup.add(new MemoryDriver('B', slow)),
    })
    return withHub(build, async ({ launcher, services: { a } }) => {
      const started = launcher.next('transfer_started', { service: 'B', path: 'lost' })
      const aborted = launcher.next('transfer_aborted', { service: 'B', path: 'lost' })
      await a.generate(a.path('default', 'lost'), 200)
      await started
      await a.unlink(a.path('default', 'lost'), { notify: false })
      await aborted
    })
  })

  test('takes the content from another service when the first one has dropped it', () => {
    const build = (setup: Setup) => ({
      a: setup.add(new MemoryDriver('A', { options: { velocity: 0.9 } })),
      b: setup.add(new MemoryDriver('B', slow)),
      c: setup.add(new MemoryDriver('C', { options: { velocity: 0.1 } })),
    })
    return withHub(build, async ({ launcher, services: { a, b, c } }) => {
      expect(await launcher.run('service', 'stop', 'B')).toMatchObject({ status: 0 })
      await copyFile(launcher, { path: 'shared', size: 200, from: a, to: [c] })
      const started = launcher.next('transfer_started', { service: 'B', path: 'shared' })
      const ended = launcher.next('transfer_ended', { service: 'B', path: 'shared' }, 20_000)
      expect(await launcher.run('service', 'start', 'B')).toMatchObject({ status: 0 })
      expect(await started).toMatchObject({ source: 'A' })
      await a.unlink(a.path('default', 'shared'), { notify: false })
      expect(await ended).toMatchObject({ source: 'C' })
      await sameContent('default', 'shared', [b, c])
    })
  })

  test('prefers the fastest service that has the content', () => {
    const withVelocity = (velocity: number) => ({ options: { velocity } })
    const build = (setup: Setup) => ({
      a: setup.add(new MemoryDriver('A', withVelocity(0.1))),
      b: setup.add(new MemoryDriver('B', withVelocity(0.4))),
      c: setup.add(new MemoryDriver('C', withVelocity(0.8))),
      d: setup.add(new MemoryDriver('D', withVelocity(0.7))),
    })
    return withHub(build, async ({ launcher, services: { a, b, c, d } }) => {
      expect(await launcher.run('service', 'stop', 'A')).toMatchObject({ status: 0 })
      await copyFile(launcher, { path: 'fast', size: 100, from: b, to: [c, d] })
      const selected = launcher.next('source_selected', { service: 'A', path: 'fast' })
      const ended = launcher.next('transfer_ended', { service: 'A', path: 'fast' })
      expect(await launcher.run('service', 'start', 'A')).toMatchObject({ status: 0 })
      expect(await selected).toMatchObject({ source: 'C' })
      expect(await ended).toMatchObject({ source: 'C' })
      await sameContent('default', 'fast', [a, b])
    })
  })
})
