import { CONTROL_DIRECTORY, DriverError, pathProblem } from '@onitu/plug'

/** In the control directory: the marker of the root, and files being written aside. */
export const MARKER = `${CONTROL_DIRECTORY}/folder`
export const TEMPORARY_DIRECTORY = `${CONTROL_DIRECTORY}/tmp`

/** @throws DriverError when a path cannot be used */
export function requirePath(path: string): string {
  const problem = pathProblem(path)
  if (problem === undefined) return path
  throw new DriverError('INVALID_PATH', `The path ${JSON.stringify(path)} ${problem}`)
}

export function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** The directory of a path (`''` for the root) and the name in it. */
export function split(path: string): { directory: string; name: string } {
  const at = path.lastIndexOf('/')
  return { directory: at < 0 ? '' : path.slice(0, at), name: path.slice(at + 1) }
}

/** The directories above a path, the outermost first, without the root. */
export function parentsOf(path: string): string[] {
  const segments = path.split('/').slice(0, -1)
  return segments.map((_, index) => segments.slice(0, index + 1).join('/'))
}
