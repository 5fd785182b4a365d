import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type TemporaryFolder, temporaryFolder } from '@onitu/test-utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { succeed } from './execute.ts'
import { type Packed, packPackages } from './pack-packages.ts'

const npmInstall = ['install', '--install-links', '--prefer-offline', '--no-audit', '--no-fund']

let temporary: TemporaryFolder
let packages: Packed[]

beforeAll(async () => {
  temporary = await temporaryFolder('onitu-create-')
  const tarballs = join(temporary.path, 'tarballs')
  mkdirSync(tarballs)
  packages = await packPackages(tarballs)
}, 300_000)

afterAll(() => temporary?.remove())

test('a driver that npm create has written builds, and passes its tests, with nothing but the published packages', async () => {
  const empty = join(temporary.path, 'empty')
  mkdirSync(empty)
  writeFileSync(
    join(empty, 'package.json'),
    JSON.stringify({ private: true, dependencies: tarballsOf('create-driver') }),
  )
  await succeed('npm', npmInstall, empty)
  await succeed('npx', ['--no-install', 'create-driver', 'my-cloud'], empty)

  const driver = join(empty, 'onitu-driver-my-cloud')
  usePacked(join(driver, 'package.json'))
  await succeed('npm', npmInstall, driver)
  await succeed('npm', ['run', 'build'], driver)
  expect(existsSync(join(driver, 'dist', 'index.js'))).toBe(true)
  // Colours come with where this runs.
  expect(stripVTControlCharacters(await succeed('npm', ['test'], driver))).toMatch(/Tests +\d+ passed/)
}, 300_000)

/** All of them, or those whose name ends so, as dependencies. */
function tarballsOf(end = ''): Record<string, string> {
  const wanted = packages.filter(({ manifest }) => manifest.name.endsWith(end))
  return Object.fromEntries(wanted.map(({ manifest, tarball }) => [manifest.name, `file:${tarball}`]))
}

/** What is not published yet comes from the tarballs, also where one of them needs another. */
function usePacked(path: string): void {
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  const { '@onitu/plug': plug, ...others } = tarballsOf()
  manifest.dependencies['@onitu/plug'] = plug
  Object.assign(manifest.devDependencies, others)
  writeFileSync(path, JSON.stringify(manifest))
}
