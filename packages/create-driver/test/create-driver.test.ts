import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TemporaryFolder, temporaryFolder } from '@onitu/test-utils'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDriver, driverNameProblem, run } from '../src/index.ts'
// The tests of the template itself: what is generated has to pass them at once.
import '../template/test/conformance.test.ts'

let folder: TemporaryFolder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

test('writes a package under the name that was asked for, with nothing left to fill in', () => {
  const directory = join(folder.path, 'new')
  const paths = createDriver({ name: 'my-cloud', directory })
  expect(paths).toEqual(expect.arrayContaining(['.gitignore', 'README.md', 'package.json', 'src/index.ts']))
  expect(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))).toMatchObject({
    name: 'onitu-driver-my-cloud',
  })
  for (const path of paths) {
    expect(readFileSync(join(directory, path), 'utf8')).not.toMatch(/DRIVER_NAME|ONITU_VERSION|workspace:/)
  }
})

test('touches nothing in a directory that is not empty', () => {
  const directory = join(folder.path, 'full')
  mkdirSync(directory)
  writeFileSync(join(directory, 'file'), 'of somebody')
  expect(() => createDriver({ name: 'my-cloud', directory })).toThrow('not empty')
  expect(existsSync(join(directory, 'package.json'))).toBe(false)
})

test.each(['', 'A', '1st', 'two words', '../escaped', 'a--b', 'a-', 'é', 'x'.repeat(101)])(
  'refuses the name "%s"',
  (name) => {
    expect(driverNameProblem(name)).toEqual(expect.any(String))
    expect(() => createDriver({ name, directory: join(folder.path, 'never') })).toThrow(TypeError)
    expect(existsSync(join(folder.path, 'never'))).toBe(false)
  },
)

test('says how it is used, and fails when it is used wrongly', () => {
  const said: string[] = []
  const output = { out: (text: string) => said.push(text), error: (text: string) => said.push(`error: ${text}`) }
  expect(run(['--help'], output)).toBe(0)
  expect(run([], output)).toBe(2)
  expect(run(['Not a name', join(folder.path, 'x')], output)).toBe(2)
  expect(run(['fine', join(folder.path, 'fine')], output)).toBe(0)
  expect(said).toEqual([
    expect.stringMatching(/^Usage/),
    expect.stringMatching(/^error: Usage/),
    expect.stringMatching(/^error: The name "Not a name"/),
    expect.stringContaining('npm install && npm test'),
  ])
})
