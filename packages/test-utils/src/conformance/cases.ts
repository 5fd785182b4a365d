import type { CaseGroup } from './case.ts'
import { boundaries } from './cases/boundaries.ts'
import { changes } from './cases/changes.ts'
import { contents } from './cases/contents.ts'
import { faults } from './cases/faults.ts'
import { limits } from './cases/limits.ts'
import { names } from './cases/names.ts'
import { network } from './cases/network.ts'
import { tokens } from './cases/tokens.ts'
import { uploads } from './cases/uploads.ts'
import { availability, watching } from './cases/watching.ts'
import type { DriverDefinition } from './definition.ts'

const always: readonly CaseGroup[] = [contents, names, changes, tokens, uploads, watching, boundaries, limits, faults]

/** What a driver has to pass, by its capabilities and by what its places can do. */
export function caseGroups({ can = {} }: DriverDefinition): readonly CaseGroup[] {
  return [...always, ...(can.hide === true ? [availability] : []), ...(can.network === true ? [network] : [])]
}
