/**
 * Decides by rules which service gets what.
 *
 * @module @onitu/referee
 */

export { parseSize } from '@onitu/protocol'
export {
  folderOptionsProblems,
  type Problem,
  serviceFolderOptionsProblems,
} from './options/folder-options.ts'
export { ruleProblems } from './options/rules.ts'
