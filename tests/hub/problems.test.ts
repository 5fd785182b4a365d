import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type Launcher, type LocalStorageDriver, sameContent, waitUntil } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub, withHub } from '../support/hub.ts'
import { twoFolders } from '../support/local-services.ts'
import { expectEqualTrees } from '../support/trees.ts'

/** Root may read and write everything, so Onitu runs as `nobody` when the tests are run by root. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const asUser = isRoot ? { user: NOBODY } : {}

/** Onitu may do with it what the user may. */
function handOver(...paths: readonly string[]): void {
  if (isRoot) for (const path of paths) chownSync(path, NOBODY, NOBODY)
}

describe('a file that cannot be handled', () => {
  const hub = sharedHub(twoFolders(), asUser)

  const restArrives = async (path: string) => {
    const { launcher, services } = hub()
    await services.left.write(services.left.path('default', path), 'the rest')
    await launcher.next('transfer_ended', { service: 'right', path })
    await sameContent('default', path, [services.left, services.right])
  }

  test('because it cannot be read is reported, and arrives when it can be read', async () => {
    const { launcher, services } = hub()
    const path = services.left.path('default', 'unreadable')
    const problem = launcher.next('file_problem', { service: 'left', path: 'unreadable' })
    writeFileSync(`${path}.new`, 'secret', { mode: 0o000 })
    handOver(`${path}.new`)
    renameSync(`${path}.new`, path)
    expect(await problem).toMatchObject({ code: 'EACCES' })
    await restArrives('beside the unreadable')
    const ended = launcher.next('transfer_ended', { service: 'right', path: 'unreadable' }, 20_000)
    chmodSync(path, 0o644)
    await ended
    await sameContent('default', 'unreadable', [services.left, services.right])
  })

  test('because its directory is read-only is reported, and arrives when that is over', async () => {
    const { launcher, services } = hub()
    const { left, right } = services
    mkdirSync(left.path('default', 'closed'))
    writeFileSync(left.path('default', 'closed/first'), 'first', { mode: 0o666 })
    handOver(left.path('default', 'closed'), left.path('default', 'closed/first'))
    await launcher.settle()
    const failed = launcher.next('order_failed', { service: 'right', path: 'closed/second' })
    chmodSync(right.path('default', 'closed'), 0o555)
    writeFileSync(left.path('default', 'closed/second'), 'second', { mode: 0o666 })
    handOver(left.path('default', 'closed/second'))
    expect(await failed).toMatchObject({ code: 'EACCES' })
    await restArrives('beside the closed')
    chmodSync(right.path('default', 'closed'), 0o777)
    await waitUntil(() => right.exists(right.path('default', 'closed/second')), { timeout: 30_000 })
    await sameContent('default', 'closed/second', [left, right])
  })

  test('because it is a symbolic link is reported and left alone', async () => {
    const { launcher, services } = hub()
    const problem = launcher.next('file_problem', { service: 'left', path: 'link' })
    symlinkSync('/etc/hostname', services.left.path('default', 'link'))
    expect(await problem).toMatchObject({ code: 'SYMLINK' })
    await launcher.settle()
    expect(await services.right.exists(services.right.path('default', 'link'))).toBe(false)
  })
})

describe('a folder that goes away', () => {
  const lose = (away: (root: string, aside: string) => void) =>
    withHub(twoFolders(), async ({ launcher, services: { left, right } }) => {
      await left.generate(left.path('default', 'kept'), 1000)
      await launcher.settle()
      const root = left.folderPath('default')
      const unavailable = launcher.next('service_unavailable', { service: 'left' }, 20_000)
      away(root, `${root} aside`)
      await unavailable
      await right.generate(right.path('default', 'made meanwhile'), 1000)
      const available = launcher.next('service_available', { service: 'left' }, 20_000)
      rmSync(root, { recursive: true, force: true })
      renameSync(`${root} aside`, root)
      await available
      await launcher.settle()
      await expectEqualTrees([left, right])
      expect(await right.exists(right.path('default', 'kept'))).toBe(true)
    })

  test('is unavailable, deletes nothing, and is brought up to date when it comes back', () =>
    lose((root, aside) => renameSync(root, aside)))

  test('is unavailable when an empty one is in its place, as with a disk that is not mounted', () =>
    lose((root, aside) => {
      renameSync(root, aside)
      mkdirSync(root)
    }))
})

test('a full disk is reported for the file that does not fit, the rest goes on, and it arrives when there is room', async (context) => {
  await withHub(
    twoFolders(),
    async ({ launcher, services: { left, right } }) => {
      const root = right.folderPath('default')
      if (!mountSmall(root)) return context.skip('needs the right to mount a tmpfs')
      try {
        await launcher.start()
        await fillAndExtend(launcher, left, right, root)
        await launcher.settle()
        await expectEqualTrees([left, right])
        await launcher.quit()
      } finally {
        execFileSync('umount', ['-l', root])
      }
    },
    { start: false },
  )
})

async function fillAndExtend(
  launcher: Launcher,
  left: LocalStorageDriver,
  right: LocalStorageDriver,
  root: string,
): Promise<void> {
  const failed = launcher.next('order_failed', { service: 'right', path: 'large' })
  await left.generate(left.path('default', 'large'), 4 * 1024 * 1024)
  expect(await failed).toMatchObject({ code: 'ENOSPC' })
  const ended = launcher.next('transfer_ended', { service: 'right', path: 'small' })
  await left.generate(left.path('default', 'small'), 1000)
  await ended
  execFileSync('mount', ['-o', 'remount,size=32m', root])
  await waitUntil(() => right.exists(right.path('default', 'large')), { timeout: 30_000 })
}

function mountSmall(root: string): boolean {
  mkdirSync(root, { recursive: true })
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]).status === 0
}
