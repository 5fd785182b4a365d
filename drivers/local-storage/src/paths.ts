import { CONTROL_DIRECTORY, pathProblem } from '@onitu/protocol'

/** In the control directory: the marker of the root, files being written aside, former contents, and cookies of catchUp. */
export const MARKER = 'folder'
export const TEMPORARY_DIRECTORY = 'tmp'
export const HISTORY_DIRECTORY = 'history'
export const COOKIE = 'cookie'

/** A file written aside next to its target, where `.onitu/tmp` is on another file system. */
const ASIDE = /^\.onitu-[0-9a-f-]{1,80}\.tmp$/

export function asideName(id: string): string {
  return `.onitu-${id}.tmp`
}

export function isAsideName(name: string): boolean {
  return ASIDE.test(name)
}

/** Names that are Onitu's own, on every level, and never reported. */
export function isOwnName(name: string): boolean {
  return name === CONTROL_DIRECTORY || isAsideName(name)
}

/** Why a path cannot be stored here, or undefined. */
export function localPathProblem(path: string): string | undefined {
  const problem = pathProblem(path)
  if (problem !== undefined) return problem
  if (path.split('/').some(isAsideName)) return 'has a name that is kept for files being written'
  return undefined
}

export function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** The directory of a path (`''` for the root) and the name in it. */
export function split(path: string): { directory: string; name: string } {
  const at = path.lastIndexOf('/')
  return { directory: at < 0 ? '' : path.slice(0, at), name: path.slice(at + 1) }
}

export { CONTROL_DIRECTORY }
