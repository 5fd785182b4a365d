import { lstatSync } from 'node:fs'
import { codeOf } from '../failure.ts'

/** A directory itself, not a link to one. What cannot be looked at counts as none. */
export function isRealDirectory(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return false
  }
}
