/** Counts tests: a vitest reporter that writes the counts to the file named in ONITU_TALLY, and what reads them back. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

export default class TallyReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const file = process.env.ONITU_TALLY
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally(modules, unhandledErrors.length)))
  }
}

/**
 * A file or a group that fails outside of its tests (it cannot be loaded, a hook throws) counts as one failure, and so does an
 * error that belongs to none.
 *
 * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
 * @param {number} unhandledErrors
 * @returns {Tally}
 */
function tally(modules, unhandledErrors) {
  const count = { passed: 0, failed: unhandledErrors, skipped: 0 }
  for (const module of modules) {
    if (module.errors().length > 0) count.failed += 1
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) count.failed += 1
    for (const test of module.children.allTests()) count[outcome(test.result().state)] += 1
  }
  return count
}

/**
 * @param {string} state pending: its run was cut short
 * @returns {keyof Tally}
 */
function outcome(state) {
  if (state === 'passed' || state === 'skipped') return state
  return 'failed'
}

/**
 * @param {string} file
 * @returns {Tally} all zero when the run did not get so far as to write it
 */
export function readTally(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 }
}
