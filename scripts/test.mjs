/**
 * `npm test`: installs and builds what is missing, runs every test, and ends with a line `N passed, N failed`. What follows
 * `--` goes to vitest: `npm test -- --project unit`, `npm test -- packages/plug`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, root } from './prepare.mjs'
import { run } from './run.mjs'
import { readTally } from './tally.mjs'

await prepare()
const folder = mkdtempSync(join(tmpdir(), 'onitu-test-'))
try {
  const file = join(folder, 'tally.json')
  const status = await runVitest(file)
  const { passed, failed, skipped } = readTally(file)
  // A run that ended badly has failed, even where each test that was counted passed or none was.
  const failures = status === 0 ? failed : Math.max(failed, 1)
  console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exitCode = failures === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

/** @param {string} tallyFile */
function runVitest(tallyFile) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts', 'tally.mjs')}`]
  const env = { ...process.env, ONITU_TALLY: tallyFile }
  return run(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], { cwd: root, env })
}
