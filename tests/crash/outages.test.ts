import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type Setup, snapshotTree } from '@onitu/test-utils'
import { afterAll, describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { threeFolders } from '../support/local-services.ts'

const FILES = 20

const mount = (...parameters: string[]) => spawnSync('mount', parameters).status === 0
const unmount = (path: string) => spawnSync('umount', ['-l', path]).status === 0

describe('a running hub', () => {
  let disk: { readonly root: string; readonly backing: string; readonly isMounted: boolean } | undefined

  const hub = sharedHub((setup: Setup) => {
    const services = threeFolders()(setup)
    const root = services.left.folderPath('default')
    const backing = `${setup.folder}/disk`
    for (const path of [root, backing]) mkdirSync(path, { recursive: true })
    disk = { root, backing, isMounted: mount('--bind', backing, root) }
    return services
  })
  afterAll(() => {
    if (disk?.isMounted) unmount(disk.root)
  })

  /** So many files on each side, in sync. */
  const shared = async (name: string) => {
    const { launcher, services } = hub()
    for (const service of Object.values(services)) {
      for (let index = 0; index < FILES; index++) {
        await service.write(service.path('default', `${name}/${service.name}/${index}`), `${service.name} ${index}`)
      }
    }
    await launcher.settle()
  }

  const trees = () => Promise.all(Object.values(hub().services).map((one) => snapshotTree(one.folderPath('default'))))

  const expectSame = async () => {
    await hub().launcher.settle()
    const [left, right, third] = await trees()
    expect(right).toEqual(left)
    expect(third).toEqual(left)
    return left ?? {}
  }

  test('deletes nothing while a disk is not mounted, leaves alone what stands in its place, and catches up when it is back', async (context) => {
    if (disk?.isMounted !== true) return context.skip('needs the right to mount')
    const { launcher, services } = hub()
    const { left, right } = services
    await shared('disk')
    const unavailable = launcher.next('service_unavailable', { service: 'left' })
    expect(unmount(disk.root)).toBe(true)
    writeFileSync(left.path('default', 'not on the disk'), 'left')
    await unavailable
    await right.write(right.path('default', 'disk/left/0'), 'edited meanwhile')
    await right.unlink(right.path('default', 'disk/left/1'))
    await right.write(right.path('default', 'made meanwhile'), 'right')
    const available = launcher.next('service_available', { service: 'left' })
    expect(mount('--bind', disk.backing, disk.root)).toBe(true)
    await available
    const tree = await expectSame()
    expect(Object.keys(tree)).toContain('made meanwhile')
    expect(Object.keys(tree)).not.toContain('not on the disk')
    expect(Object.keys(tree).filter((path) => path.startsWith('disk/left/'))).toHaveLength(FILES - 1)
    expect(Buffer.from(await left.read(left.path('default', 'disk/left/0'))).toString()).toBe('edited meanwhile')
  })

  test('deletes nothing when a root is emptied with its marker, and goes on when it is restored', async () => {
    const { launcher, setup, services } = hub()
    const { third, right } = services
    await shared('emptied')
    const root = third.folderPath('default')
    const backup = `${setup.folder}/backup`
    execFileSync('cp', ['-a', root, backup])
    const before = await snapshotTree(right.folderPath('default'))
    const unavailable = launcher.next('service_unavailable', { service: 'third' })
    for (const name of readdirSync(root)) rmSync(`${root}/${name}`, { recursive: true })
    await unavailable
    await right.write(right.path('default', 'while it was empty'), 'right')
    const available = launcher.next('service_available', { service: 'third' })
    execFileSync('cp', ['-a', `${backup}/.`, root])
    await available
    const { 'while it was empty': made, ...rest } = await expectSame()
    expect(made).toBeDefined()
    expect(rest).toEqual(before)
  })

  test('deletes everywhere what a user deletes, however much it is, as long as the marker stays', async () => {
    await shared('deleted')
    const { right } = hub().services
    rmSync(right.path('default', 'deleted'), { recursive: true })
    const tree = await expectSame()
    expect(Object.keys(tree).filter((path) => path.startsWith('deleted'))).toEqual([])
    expect(Object.keys(tree).filter((path) => path.startsWith('emptied/'))).not.toEqual([])
  })
})
