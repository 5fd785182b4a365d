/**
 * Decides by rules which service gets what.
 *
 * @module @onitu/referee
 */
export {
  folderOptionsProblems,
  type Problem,
  serviceFolderOptionsProblems,
} from './options/folder-options.ts'
export { parseSize } from './options/parse-size.ts'
export { ruleProblems } from './options/rules.ts'
