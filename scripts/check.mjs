/**
 * `npm run check`: everything that can be said about the code without running it. Expects an installed and built workspace
 * (`npm test` leaves one). Runs all checks whatever fails, and ends with a line `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, root, toolEnvironment } from './prepare.mjs'

/** @typedef {{ title: string, command: string, arguments: string[] }} Check */

await prepare({ quiet: true })
const folder = mkdtempSync(join(tmpdir(), 'onitu-check-'))
try {
  const results = [...checksOfSource(), ...checksOfPackages(folder)].map(perform)
  const failed = results.filter((passed) => !passed).length
  console.log(`${results.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

/** @returns {Check[]} */
function checksOfSource() {
  return [
    { title: 'format and lint', command: 'biome', arguments: ['ci', '--colors=off', '.'] },
    { title: 'types', command: 'turbo', arguments: ['run', 'types', '--output-logs=errors-only'] },
    { title: 'types of scripts', command: 'tsc', arguments: ['-p', 'scripts'] },
    { title: 'unused code', command: 'knip', arguments: [] },
    { title: 'changesets', command: 'changeset', arguments: ['status', `--since=${baseRevision()}`] },
  ]
}

/**
 * What users would install is checked, not what is in the workspace.
 *
 * @param {string} folder where the packages are packed
 * @returns {Check[]}
 */
function checksOfPackages(folder) {
  const packing = { title: 'pack', command: 'pnpm', arguments: ['--recursive', 'pack', '--pack-destination', folder] }
  if (
    !perform({ ...packing, arguments: ['--filter', './packages/*', '--filter', './drivers/*', ...packing.arguments] })
  ) {
    return [packing]
  }
  return readdirSync(folder).flatMap((name) => [
    { title: `publint ${name}`, command: 'publint', arguments: ['--strict', join(folder, name)] },
    { title: `attw ${name}`, command: 'attw', arguments: ['--profile', 'esm-only', join(folder, name)] },
  ])
}

/** The branch that changes are compared with, under the name it has in this clone. Alone with no such branch: nothing has changed. */
function baseRevision() {
  const names = ['main', 'origin/main']
  return (
    names.find((name) => spawnSync('git', ['rev-parse', '--verify', '--quiet', name], { cwd: root }).status === 0) ??
    'HEAD'
  )
}

/**
 * @param {Check} check
 * @returns {boolean} whether it passed
 */
function perform({ title, command, arguments: arguments_ }) {
  /** @type {import('node:child_process').SpawnSyncOptionsWithStringEncoding} */
  const options = { cwd: root, env: toolEnvironment(), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }
  const { status, stdout, stderr, error } = spawnSync(command, arguments_, options)
  console.log(`${status === 0 ? 'passed' : 'FAILED'}  ${title}`)
  if (status !== 0) console.log(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`)
  return status === 0
}
