import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const bin = fileURLToPath(new URL('../bin/onitu.js', import.meta.url))
const built = new URL('../dist/', import.meta.url).href
const logFiles = fileURLToPath(new URL('fixtures/log-files.mjs', import.meta.url))

let empty: string

beforeAll(() => {
  empty = mkdtempSync(join(tmpdir(), 'onitu-test-'))
})
afterAll(() => rmSync(empty, { recursive: true }))

it.each([['wait'], ['history', 'a.txt'], ['service', 'restart', 'left']])(
  'onitu %s loads no package and few files',
  (...parameters) => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', logFiles, bin, ...parameters, '--config-dir', empty],
      { encoding: 'utf8' },
    )
    expect({ status, stderr }).toMatchObject({ status: 3 })
    const files = stderr.split('\n').flatMap((line) => /^file (.*)/.exec(line)?.[1] ?? [])
    const others = files.filter((file) => !file.startsWith(built) && !file.endsWith('/launcher/bin/onitu.js'))
    expect(others).toEqual([])
    expect(files.length).toBeLessThan(20)
  },
)
