import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import type { FileHistory } from '@onitu/launcher'
import { type Launcher, waitUntil } from '@onitu/test-utils'
import { describe, expect, test } from 'vitest'
import { sharedHub, withHub } from '../support/hub.ts'
import { threeFolders, twoFolders } from '../support/local-services.ts'
import { expectEqualTrees } from '../support/trees.ts'

const historyOf = async (launcher: Launcher, file: string): Promise<FileHistory> => {
  const { status, stdout, stderr } = await launcher.run('history', file, '--json')
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return JSON.parse(stdout)
}

/** Files in the history of a root, by the names that they had. */
const keptIn = (root: string): string[] => {
  const history = `${root}/.onitu/history`
  if (!existsSync(history)) return []
  return readdirSync(history, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name.split('-').slice(3).join('-'))
    .sort()
}

describe('the history of a file', () => {
  const hub = sharedHub(threeFolders())

  /** Writes the contents on left, one after the other, each in sync before the next. */
  const edit = async (path: string, ...contents: string[]) => {
    const { launcher, services } = hub()
    for (const content of contents) {
      await services.left.write(services.left.path('default', path), content)
      await launcher.settle()
    }
  }

  const text = (name: 'left' | 'right' | 'third', path: string) =>
    readFileSync(hub().services[name].path('default', path), 'utf8')

  test('lists what was edited three times, and the first is restored everywhere', async () => {
    const { launcher, services } = hub()
    await edit('notes.txt', 'one', 'two!', 'three')
    const first = await historyOf(launcher, 'notes.txt')
    expect(first).toMatchObject({ folder: 'default', path: 'notes.txt', unasked: [] })
    expect(first.versions.map(({ size, origin, current }) => ({ size, origin, current }))).toEqual([
      { size: 5, origin: 'left', current: true },
      { size: 4, origin: 'left', current: false },
      { size: 3, origin: 'left', current: false },
    ])
    const [three, two, one] = first.versions
    expect(three?.heldBy.map(({ service }) => service)).toEqual(['left', 'right', 'third'])
    expect(two?.keptBy.map(({ service }) => service).sort()).toEqual(['right', 'third'])
    const { status, stdout } = await launcher.run('restore', 'notes.txt', '--version', String(one?.version))
    expect(stdout).toContain(`restored version ${one?.version}`)
    expect(status).toBe(0)
    await launcher.settle()
    for (const name of ['left', 'right', 'third'] as const) expect(text(name, 'notes.txt')).toBe('one')
    await expectEqualTrees([services.left, services.right, services.third])
    const after = await historyOf(launcher, services.third.path('default', 'notes.txt'))
    expect(after.versions).toHaveLength(4)
    expect(after.versions[0]).toMatchObject({ current: true, size: 3, mtime: one?.mtime })
    expect(after.versions[1]?.keptBy).not.toEqual([])
    const again = await launcher.run('restore', 'notes.txt', '--version', String(one?.version))
    expect(again).toMatchObject({ status: 0 })
    expect(again.stdout).toContain('already')
    expect((await historyOf(launcher, 'notes.txt')).versions).toHaveLength(4)
  })

  test('has what was deleted, which comes back with its time and permissions', async () => {
    const { launcher, services } = hub()
    await edit('below/deleted.txt', 'content')
    const before = statSync(services.right.path('default', 'below/deleted.txt'))
    rmSync(services.left.path('default', 'below'), { recursive: true })
    await launcher.settle()
    expect(existsSync(services.third.path('default', 'below'))).toBe(false)
    const { versions } = await historyOf(launcher, 'below/deleted.txt')
    expect(versions.map(({ deleted }) => deleted)).toEqual([true, false])
    const table = await launcher.run('history', 'below/deleted.txt')
    expect(table.stdout).toMatch(/deleted\n.*kept by right since .*, kept by third since /)
    await launcher.run('restore', 'below/deleted.txt', '--version', String(versions[1]?.version))
    await launcher.settle()
    expect(text('left', 'below/deleted.txt')).toBe('content')
    const after = statSync(services.left.path('default', 'below/deleted.txt'))
    expect([Math.floor(after.mtimeMs), after.mode]).toEqual([Math.floor(before.mtimeMs), before.mode])
    await expectEqualTrees([services.left, services.right, services.third])
  })

  test('goes on under another name, and what was moved away can be had at the old one', async () => {
    const { launcher, services } = hub()
    await edit('old name', 'first', 'second')
    await services.left.rename(services.left.path('default', 'old name'), services.left.path('default', 'new name'))
    await launcher.settle()
    const { versions } = await historyOf(launcher, 'new name')
    expect(versions.map(({ path, size }) => [path, size])).toEqual([
      ['new name', 6],
      ['old name', 6],
      ['old name', 5],
    ])
    await launcher.run('restore', 'new name', '--version', String(versions[2]?.version))
    await launcher.settle()
    expect(text('third', 'new name')).toBe('first')
    await edit('new name', 'second')
    const old = await historyOf(launcher, 'old name')
    expect(old.versions[0]).toMatchObject({ deleted: true, movedTo: 'new name' })
    await launcher.run('restore', 'old name', '--version', String(old.versions[1]?.version))
    await launcher.settle()
    expect(text('third', 'old name')).toBe('second')
    expect(text('third', 'new name')).toBe('second')
  })

  test('has large contents, which are restored in chunks', async () => {
    const { launcher, services } = hub()
    const path = services.left.path('default', 'large')
    await services.left.generate(path, 5_000_000)
    await launcher.settle()
    const content = readFileSync(path)
    await edit('large', 'small')
    const { versions } = await historyOf(launcher, 'large')
    const result = await launcher.run('restore', 'large', '--version', String(versions[1]?.version))
    expect(result).toMatchObject({ status: 0, stderr: '' })
    await launcher.settle()
    for (const name of ['left', 'right', 'third'] as const)
      expect(readFileSync(services[name].path('default', 'large')).equals(content), name).toBe(true)
    await expectEqualTrees([services.left, services.right, services.third])
  })

  test('of a content that is nowhere any more says so', async () => {
    const { launcher, services } = hub()
    await edit('lost', 'one', 'two')
    const { versions } = await historyOf(launcher, 'lost')
    for (const service of [services.left, services.right, services.third])
      rmSync(`${service.folderPath('default')}/.onitu/history`, { recursive: true, force: true })
    const version = String(versions[1]?.version)
    const { status, stderr } = await launcher.run('restore', 'lost', '--version', version)
    expect(status).toBe(1)
    expect(stderr).toBe(`The content of version ${version} of "lost" is nowhere any more\n`)
    expect((await launcher.run('history', 'lost')).stdout).toMatch(/gone\n$/)
    expect(text('left', 'lost')).toBe('two')
  })

  test.each([
    ['a file that never was', ['history', 'nothing'], 1, 'was never in folder'],
    ['a folder that is not there', ['history', 'a', '--folder', 'films'], 1, 'There is no folder "films"'],
    ['a path outside of all folders', ['history', '/etc/hostname'], 1, 'is in no folder'],
    ['a version that never was', ['restore', 'lost', '--version', '999999'], 1, 'has no version 999999'],
    ['no version', ['restore', 'lost'], 2, "'--version <number>' not specified"],
    ['what is no version', ['restore', 'lost', '--version', 'x'], 2, 'expected the number of a version'],
  ])('of %s is refused', async (_title, parameters, status, message) => {
    const result = await hub().launcher.run(...parameters)
    expect(result.stderr).toContain(message)
    expect(result.status).toBe(status)
  })

  test('with a deletion as the version is refused', async () => {
    const { launcher, services } = hub()
    await edit('gone', 'content')
    rmSync(services.left.path('default', 'gone'))
    await launcher.settle()
    const { versions } = await historyOf(launcher, 'gone')
    const result = await launcher.run('restore', 'gone', '--version', String(versions[0]?.version))
    expect(result).toMatchObject({ status: 1 })
    expect(result.stderr).toContain('is its deletion')
  })
})

test('a first copy keeps nothing', async () => {
  await withHub(twoFolders(), async ({ launcher, services: { left, right } }) => {
    for (let at = 0; at < 100; at++) await left.write(left.path('default', `d${at % 10}/f${at}`), `content ${at}`)
    await launcher.settle()
    await expectEqualTrees([left, right])
    for (const service of [left, right])
      expect(existsSync(`${service.folderPath('default')}/.onitu/history`)).toBe(false)
  })
})

test('what a service that is stopped keeps can be restored once it runs', async () => {
  await withHub(twoFolders(), async ({ launcher, services: { left } }) => {
    await left.write(left.path('default', 'file'), 'one')
    await launcher.settle()
    await left.write(left.path('default', 'file'), 'two')
    await launcher.settle()
    const { versions } = await historyOf(launcher, 'file')
    const version = String(versions[1]?.version)
    await launcher.run('service', 'stop', 'right')
    expect((await historyOf(launcher, 'file')).unasked).toEqual(['right'])
    const refused = await launcher.run('restore', 'file', '--version', version)
    expect(refused).toMatchObject({ status: 1 })
    expect(refused.stderr).toContain('right does not run and may have it')
    await launcher.run('service', 'start', 'right')
    expect(await launcher.run('restore', 'file', '--version', version)).toMatchObject({ status: 0 })
    await launcher.settle()
    expect(readFileSync(left.path('default', 'file'), 'utf8')).toBe('one')
  })
})

test('the options of the folder say how much is kept, whatever the times of the files are', async () => {
  const build = (setup: Parameters<ReturnType<typeof twoFolders>>[0]) => {
    setup.folders.set('default', { history: { age: '30d', size: 2000 } })
    return twoFolders()(setup)
  }
  await withHub(build, async ({ launcher, services: { left, right } }) => {
    const root = right.folderPath('default')
    for (const name of ['a', 'b', 'c']) {
      await left.write(left.path('default', name), name.repeat(1000))
      utimesSync(left.path('default', name), 1, 1)
    }
    await launcher.settle()
    for (const name of ['a', 'b', 'c']) {
      rmSync(left.path('default', name))
      await launcher.settle()
    }
    await expect.poll(() => keptIn(root), { timeout: 10_000 }).toEqual(['b', 'c'])
    const { versions } = await historyOf(launcher, 'c')
    expect(versions[1]).toMatchObject({ mtime: 1000, keptBy: [{ service: 'right' }] })
    await expectEqualTrees([left, right])
  })
})

test('a folder without history keeps nothing', async () => {
  const build = (setup: Parameters<ReturnType<typeof twoFolders>>[0]) => {
    setup.folders.set('default', { history: false })
    return twoFolders()(setup)
  }
  await withHub(build, async ({ launcher, services: { left, right } }) => {
    await left.write(left.path('default', 'file'), 'one')
    await launcher.settle()
    await left.write(left.path('default', 'file'), 'two')
    await launcher.settle()
    expect(keptIn(right.folderPath('default'))).toEqual([])
    const { versions } = await historyOf(launcher, 'file')
    expect(versions.map(({ keptBy }) => keptBy)).toEqual([[], []])
  })
})

test('what is new goes before what is kept when the disk is full', async (context) => {
  await withHub(
    twoFolders(),
    async ({ launcher, services: { left, right } }) => {
      const root = right.folderPath('default')
      mkdirSync(root, { recursive: true })
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', root]).status !== 0)
        return context.skip('needs the right to mount a tmpfs')
      try {
        await launcher.start()
        for (const name of ['first', 'second']) {
          await left.generate(left.path('default', name), 3_000_000)
          await launcher.settle()
          rmSync(left.path('default', name))
          await launcher.settle()
        }
        expect(keptIn(root)).toEqual(['first', 'second'])
        await left.generate(left.path('default', 'new'), 4_000_000)
        await launcher.settle()
        await expectEqualTrees([left, right])
        expect(keptIn(root)).toEqual(['second'])
        await launcher.quit()
      } finally {
        execFileSync('umount', ['-l', root])
      }
    },
    { start: false },
  )
})

test('a service that is killed while it restores leaves the old or the restored content, and nothing else', async () => {
  await withHub(twoFolders(), async ({ launcher, services: { left, right } }) => {
    const path = left.path('default', 'large')
    await left.generate(path, 60_000_000)
    await launcher.settle()
    const large = readFileSync(path)
    await left.write(path, 'small')
    await launcher.settle()
    const { versions } = await historyOf(launcher, 'large')
    const version = String(versions[1]?.version)
    const parts = () => readdirSync(`${right.folderPath('default')}/.onitu/tmp`).length
    const restoring = launcher.run('restore', 'large', '--version', version)
    await waitUntil(() => parts() > 0, { step: 1 })
    process.kill(launcher.pid('right') ?? 0, 'SIGKILL')
    await restoring
    await launcher.settle()
    await expectEqualTrees([left, right])
    const found = readFileSync(path)
    expect(found.equals(large) || found.toString() === 'small').toBe(true)
    await waitUntil(() => parts() === 0)
    expect(await launcher.run('restore', 'large', '--version', version)).toMatchObject({ status: 0 })
    await launcher.settle()
    await expectEqualTrees([left, right])
    expect(readFileSync(path).equals(large)).toBe(true)
  })
})
