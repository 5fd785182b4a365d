import { describe, test } from 'vitest'
import { caseGroups } from './cases.ts'
import type { DriverDefinition } from './definition.ts'
import { runCase } from './run-case.ts'

/** ms. A case may wait for a connection that is given up and made again. */
const TIMEOUT = 120_000

export interface TestDriverOptions {
  /** Why nothing can be tested here: said in the title of a test that is skipped. */
  readonly skip?: string | undefined
  /** The places have nothing in common: several cases run at once, but for those that stop a server. Default false. */
  readonly concurrent?: boolean
}

/** Declares the tests that every driver has to pass, each on a place of its own. To be called in a test file of vitest. */
export function testDriver(definition: DriverDefinition, { skip, concurrent = false }: TestDriverOptions = {}): void {
  const title = `driver ${definition.manifest.name}`
  if (skip !== undefined) {
    describe(title, () => test.skip(`not tested here: ${skip}`, () => undefined))
    return
  }
  for (const group of caseGroups(definition)) {
    const cases = group.cases(definition)
    if (cases.length === 0) continue
    describe(`${title}: ${group.title}`, () => {
      const declare = concurrent && group.concurrent !== false ? test.concurrent : test
      for (const one of cases) declare(one.title, () => runCase(definition, one), TIMEOUT)
    })
  }
}
