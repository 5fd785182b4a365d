import { describe, expect, test } from 'vitest'
import { type Case, caseGroups, runCase, testDriver } from '../src/conformance/index.ts'
import { type Mistake, referenceDefinition } from './support/reference-driver.ts'

testDriver(referenceDefinition())

/** The titles of the cases that a driver with a mistake does not pass. */
async function failedCases(mistake: Mistake): Promise<string[]> {
  const definition = referenceDefinition(mistake)
  const failed: string[] = []
  for (const one of casesOf(mistake)) {
    await runCase(definition, one).catch(() => failed.push(one.title))
  }
  return failed
}

function casesOf(mistake: Mistake): readonly Case[] {
  const definition = referenceDefinition(mistake)
  return caseGroups(definition).flatMap((group) => group.cases(definition))
}

/** Each mistake, and a part of the title of a case that has to catch it. */
const caught: readonly (readonly [Mistake, string])[] = [
  ['reads what has changed', 'does not read a file that has changed'],
  ['reads what has changed', 'never a mixture'],
  ['writes over what has changed', 'refuses to write under a stale token'],
  ['writes over what has changed', 'refuses to end an upload under a stale token'],
  ['deletes what has changed', 'refuses to delete a file that has changed'],
  ['sets attributes of what has changed', 'refuses to set time and mode'],
  ['sets attributes of what has changed', 'whether a directory is still the one'],
  ['takes chunks only in order', 'in any order'],
  ['moves onto what exists', 'does not move a file onto one that exists'],
  ['loses the last byte of a chunk', 'reads ranges'],
  ['forgets the directories above', 'twenty levels deep'],
  ['changes names', 'a name with a question mark'],
  ['changes names', 'NFD'],
  ['folds case', 'differ only in case'],
  ['leaves aborted uploads', 'leaves no trace of an upload that is aborted after the first chunk'],
  ['writes in place', 'shows nothing of an upload under way'],
  ['resumes from nothing', 'of which nothing is left'],
  ['ignores the end of the old content', 'replaces a file by a longer, a shorter and an empty one'],
  ['does not look again', 'has told, when it has caught up'],
  ['does not look again', 'notices changes by itself'],
  ['does not notice deletions', 'in a directory that was deleted'],
  ['tells of its own writes', 'has told, when it has caught up'],
  ['takes a move for a new file', 'tells of a renamed file as moved'],
  ['deletes full directories', 'does not delete a directory that holds something'],
  ['leaves the folder', 'refuses paths that lead out of the folder'],
  ['touches what is beside', 'writes and reads files of 0 and 1 bytes'],
  ['tells secrets', 'writes and reads files of 0 and 1 bytes'],
  ['forgets times', 'says with which time and mode'],
  ['gives new tokens', 'gives a file that is not touched the same token'],
  ['ignores cancelling', 'does not write what was cancelled'],
]

describe('a driver with a mistake does not pass', () => {
  const mistakes = [...new Set(caught.map(([mistake]) => mistake))]
  test.each(mistakes)('one that %s', async (mistake) => {
    const failed = await failedCases(mistake)
    for (const [, title] of caught.filter(([of]) => of === mistake)) {
      expect(failed).toEqual(expect.arrayContaining([expect.stringContaining(title)]))
    }
  })
})
