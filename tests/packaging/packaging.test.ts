import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TemporaryFolder, temporaryFolder } from '@onitu/test-utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { succeed } from './execute.ts'
import { InstalledOnitu } from './installed-onitu.ts'
import { type Packed, packPackages } from './pack-packages.ts'

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url))

const setup = `
name: packed
folders: { docs: {} }
services:
  left: { driver: local-storage, folders: { docs: ./left } }
  right: { driver: local-storage, folders: { docs: ./right } }
  echo: { driver: onitu-echo, folders: { docs: ./echo } }
`

let temporary: TemporaryFolder
let app: string
let packages: Packed[]

beforeAll(async () => {
  temporary = await temporaryFolder('onitu-packaging-')
  const tarballs = join(temporary.path, 'tarballs')
  app = join(temporary.path, 'app')
  for (const folder of [tarballs, app]) mkdirSync(folder)
  packages = await packPackages(tarballs)
  await installInto(app)
}, 300_000)

afterAll(() => temporary?.remove())

/** A project that has Onitu and a driver of a third party as its dependencies, and nothing of this workspace. */
async function installInto(folder: string): Promise<void> {
  const tarballs = packages.map(({ manifest, tarball }): [string, string] => [manifest.name, `file:${tarball}`])
  const dependencies = { ...Object.fromEntries(tarballs), 'onitu-echo': `file:${join(fixtures, 'onitu-echo')}` }
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'app', private: true, type: 'module', dependencies }),
  )
  await succeed('npm', ['install', '--install-links', '--prefer-offline', '--no-audit', '--no-fund'], folder)
}

describe('packed packages', () => {
  test('are all there', () => {
    expect(packages.map(({ manifest }) => manifest.name).sort()).toEqual([
      '@onitu/create-driver',
      '@onitu/driver-local-storage',
      '@onitu/driver-remote',
      '@onitu/driver-s3',
      '@onitu/driver-sftp',
      '@onitu/escalator',
      '@onitu/launcher',
      '@onitu/majordomo',
      '@onitu/plug',
      '@onitu/protocol',
      '@onitu/referee',
      '@onitu/test-utils',
    ])
  })

  test('depend on versions, not on a workspace', () => {
    for (const { manifest } of packages) expect(JSON.stringify(manifest)).not.toMatch(/workspace:|link:|catalog:/)
  })

  test('hold what was built, a readme, licenses, and nothing else', () => {
    for (const { manifest, files } of packages) {
      const stray = files.filter(
        (path) =>
          !/^(dist\/.*\.(js|js\.map|d\.ts)|bin\/[a-z-]+\.js|template\/.*|package\.json|(README|PROTOCOL|CHANGELOG|THIRD-PARTY)\.md|LICENSE)$/.test(
            path,
          ),
      )
      expect({ name: manifest.name, stray }).toEqual({ name: manifest.name, stray: [] })
      expect(files).toEqual(
        expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']),
      )
    }
  })
})

describe('installed by npm in an empty folder', () => {
  test('escalator works alone', async () => {
    cpSync(join(fixtures, 'escalator-alone.js'), join(app, 'escalator-alone.js'))
    const output = await succeed(process.execPath, ['escalator-alone.js'], app)
    expect(JSON.parse(output)).toEqual([
      ['color:grass', { name: 'green' }],
      ['color:sky', { name: 'blue' }],
    ])
  })

  test('onitu keeps folders in sync with a service of a third party, whose driver it knows by the name of its package alone', async () => {
    for (const folder of ['left', 'right', 'echo']) mkdirSync(join(app, folder))
    writeFileSync(join(app, 'setup.yml'), setup)
    writeFileSync(join(app, 'left', 'from-left.txt'), 'from left\n')
    await succeed('npx', ['--no-install', 'onitu', 'check', '--setup', 'setup.yml'], app)

    const onitu = new InstalledOnitu(app)
    try {
      await onitu.settle()
      writeFileSync(join(app, 'right', 'from-right.txt'), 'from right\n')
      await onitu.settle()
      for (const side of ['left', 'right']) {
        expect(contentOf(side, 'from-left.txt')).toBe('from left\n')
        expect(contentOf(side, 'from-right.txt')).toBe('from right\n')
        expect(contentOf(side, 'greeting.txt')).toBe('written by a third party\n')
      }
      expect(contentOf('echo', 'from-left.txt')).toBe('from left\n')
      expect(contentOf('echo', 'from-right.txt')).toBe('from right\n')
      expect(await onitu.stop()).toBe(0)
    } finally {
      onitu.kill()
    }
  })
})

function contentOf(side: string, name: string): string {
  return readFileSync(join(app, side, name), 'utf8')
}
