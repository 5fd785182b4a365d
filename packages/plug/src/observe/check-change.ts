import { CONTROL_DIRECTORY, pathProblem } from '@onitu/protocol'
import type { Change, ServiceFolder } from '../contract.ts'
import { type CheckedChange, checkedChange } from './checked-change.ts'

export type ChangeCheck =
  | { readonly type: 'accepted'; readonly checked: CheckedChange }
  /** Belongs to Onitu itself. */
  | { readonly type: 'ignored' }
  | { readonly type: 'problem'; readonly code: string; readonly reason: string }

/** Whether a change that a driver tells of can be used. A move from a place that cannot be is a new file. */
export function checkChange(change: Change, folders: ReadonlyMap<string, ServiceFolder>): ChangeCheck {
  if (!folders.has(change.folder)) {
    return {
      type: 'problem',
      code: 'UNKNOWN_FOLDER',
      reason: `the service has no folder ${JSON.stringify(change.folder)}`,
    }
  }
  if (isControl(change.path)) return { type: 'ignored' }
  const problem = pathProblem(change.path)
  if (problem !== undefined) return { type: 'problem', code: 'INVALID_PATH', reason: `the path ${problem}` }
  if (change.type !== 'moved' || isUsable(change.from, folders)) {
    return { type: 'accepted', checked: checkedChange(change) }
  }
  return { type: 'accepted', checked: checkedChange({ ...change, type: 'updated' }) }
}

function isUsable(place: { folder: string; path: string }, folders: ReadonlyMap<string, ServiceFolder>): boolean {
  return folders.has(place.folder) && pathProblem(place.path) === undefined
}

function isControl(path: string): boolean {
  return path.split('/').includes(CONTROL_DIRECTORY)
}
