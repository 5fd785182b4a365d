import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadDriver } from './load-driver.ts'

const DRIVER = `export default { run() {}, manifest: { name: 'mine', options: {} } }`

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'onitu-driver-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function write(path: string, content: string): string {
  const file = join(directory, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, content)
  return pathToFileURL(file).href
}

it('finds a driver by the path of its file, from the setup', async () => {
  const url = write('mine.js', DRIVER)
  expect(await loadDriver('./mine.js', directory)).toMatchObject({ url, manifest: { name: 'mine' } })
  expect(await loadDriver(join(directory, 'mine.js'), tmpdir())).toMatchObject({ url })
})

it.each([
  ['its exports', { name: 'onitu-driver-mine', type: 'module', exports: { '.': './lib/entry.js' } }],
  ['its main', { type: 'module', main: 'lib/entry.js' }],
])('finds a driver by the path of its package, through %s', async (_, manifest) => {
  const url = write('mine/lib/entry.js', DRIVER)
  write('mine/package.json', JSON.stringify(manifest))
  expect(await loadDriver('./mine', directory)).toMatchObject({ url, manifest: { name: 'mine' } })
})

it('says what is wrong with a path that leads to no driver', async () => {
  await expect(loadDriver('./mine', directory)).rejects.toMatchObject({ code: 'UNKNOWN_DRIVER' })
  mkdirSync(join(directory, 'mine'))
  await expect(loadDriver('./mine', directory)).rejects.toMatchObject({ code: 'UNKNOWN_DRIVER' })
  write('mine/package.json', '{')
  await expect(loadDriver('./mine', directory)).rejects.toMatchObject({ code: 'INVALID_DRIVER' })
  write('other.js', 'export default {}')
  await expect(loadDriver('./other.js', directory)).rejects.toMatchObject({ code: 'INVALID_DRIVER' })
})
