import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Launcher, type LocalStorageDriver, waitUntil } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub } from '../support/hub.ts'
import { twoFolders } from '../support/local-services.ts'
import { expectEqualTrees } from '../support/trees.ts'

const KEPT = 50
const DELETED = 150

/** Deletes a directory in one moment, so that it is seen at once however busy the machine is. */
function removeAtOnce(root: string, name: string): void {
  const away = `${root} away`
  renameSync(join(root, name), away)
  rmSync(away, { recursive: true })
}

/** `many` and what is in it are deleted, `kept` stays. */
function makeFiles(root: string): void {
  for (const [folder, count] of [
    ['kept', KEPT],
    ['many/below', DELETED],
  ] as const) {
    mkdirSync(join(root, folder), { recursive: true })
    for (let index = 0; index < count; index++) writeFileSync(join(root, folder, `${index}`), `${folder} ${index}`)
  }
}

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !inControl(entry))
const inControl = ({ parentPath }: { parentPath: string }) => parentPath.includes('.onitu')

async function heldIn(launcher: Launcher): Promise<unknown> {
  return JSON.parse((await launcher.run('status', '--json')).stdout).held
}

describe('many files deleted at once', () => {
  const hub = sharedHub(twoFolders())
  const roots = () => {
    const { left, right } = hub().services
    return { left: left.folderPath('default'), right: right.folderPath('default') }
  }
  const services = (): LocalStorageDriver[] => [hub().services.left, hub().services.right]

  /** All is there on both sides, then 150 of 200 files are deleted on the left. */
  const deleteMany = async () => {
    const { launcher } = hub()
    makeFiles(roots().left)
    await launcher.settle()
    const held = launcher.next('deletions_held', { service: 'left', folder: 'default' })
    removeAtOnce(roots().left, 'many')
    return held
  }

  test('are kept elsewhere, and shown', async () => {
    const { launcher } = hub()
    expect(await deleteMany()).toMatchObject({ service: 'left', folder: 'default' })
    const { status, stderr } = await launcher.run('wait', '--timeout', '30')
    expect(status).toBe(0)
    expect(stderr).toContain('150 files and 2 directories deleted on left in folder default')
    expect(await heldIn(launcher)).toEqual([{ service: 'left', folder: 'default', files: DELETED, directories: 2 }])
    expect((await launcher.run('status')).stdout).toContain('`onitu approve left --folder default`')
    expect(filesIn(roots().right)).toHaveLength(KEPT + DELETED)
    expect(filesIn(roots().left)).toHaveLength(KEPT)
  })

  test('and single ones after them are held with them, while everything else goes on; what others edit or move comes back, and is held no longer', async () => {
    const { launcher } = hub()
    rmSync(join(roots().left, 'kept/1'))
    rmSync(join(roots().right, 'kept/2'))
    writeFileSync(join(roots().right, 'many/below/3'), 'edited meanwhile')
    renameSync(join(roots().right, 'many/below/4'), join(roots().right, 'kept/4 of many'))
    writeFileSync(join(roots().left, 'new'), 'new')
    await launcher.settle()
    expect(await heldIn(launcher)).toMatchObject([{ files: DELETED + 1 - 2 }])
    const right = filesIn(roots().right).map(({ name, parentPath }) => join(parentPath, name))
    expect(right).toContain(join(roots().right, 'kept/1'))
    expect(right).not.toContain(join(roots().right, 'kept/2'))
    expect(right).toContain(join(roots().right, 'new'))
    expect(readdirSync(join(roots().left, 'many/below'))).toEqual(['3'])
    expect(readdirSync(join(roots().left, 'kept'))).toContain('4 of many')
  })

  test('come back when that is rejected', async () => {
    const { launcher } = hub()
    const { status, stdout } = await launcher.run('reject')
    expect([status, stdout]).toEqual([0, expect.stringContaining(`the deletion of ${DELETED + 1 - 2} files`)])
    await launcher.settle()
    const tree = await expectEqualTrees(services())
    expect(Object.keys(tree)).toEqual(expect.arrayContaining(['many/below/0', 'kept/1', 'new']))
    expect(await heldIn(launcher)).toEqual([])
    const again = await launcher.run('reject')
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('no deletions are held')])
  })

  test('stay held when the Referee is killed, and go everywhere when that is approved', async () => {
    const { launcher } = hub()
    await deleteMany()
    const pid = launcher.pid('referee')
    if (pid === undefined) throw new Error('The Referee does not run')
    process.kill(pid, 'SIGKILL')
    await waitUntil(() => launcher.pid('referee') !== undefined && launcher.pid('referee') !== pid, {
      timeout: 20_000,
      what: 'the Referee was not started again',
    })
    await launcher.settle()
    expect(await heldIn(launcher)).toMatchObject([{ files: DELETED }])
    expect(filesIn(join(roots().right, 'many'))).toHaveLength(DELETED)
    const wrong = await launcher.run('approve', 'right')
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('no deletions of right are held')])
    const { status, stdout } = await launcher.run('approve', 'left', '--folder', 'default')
    expect([status, stdout]).toEqual([0, expect.stringContaining(`the deletion of ${DELETED} files and 2 directories`)])
    await launcher.settle()
    const tree = await expectEqualTrees(services())
    expect(Object.keys(tree).filter((path) => path.startsWith('many'))).toEqual([])
    expect(await heldIn(launcher)).toEqual([])
  })

  test('are held too when all of a folder is emptied at once', async () => {
    const { launcher } = hub()
    makeFiles(roots().left)
    await launcher.settle()
    const before = filesIn(roots().right).length
    const held = launcher.next('deletions_held', { service: 'left' })
    for (const name of ['many', 'kept', 'new']) removeAtOnce(roots().left, name)
    await held
    await launcher.settle()
    expect(filesIn(roots().right)).toHaveLength(before)
    await launcher.run('reject', 'left')
    await launcher.settle()
    await expectEqualTrees(services())
    expect(filesIn(roots().left)).toHaveLength(before)
  })
})
