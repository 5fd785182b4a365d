import { OnituError } from './errors.ts'

/** The folder in the root of a service that belongs to Onitu (marker, temporary files). Never synced, on any service. */
export const CONTROL_DIRECTORY = '.onitu'

const MAX_NAME_BYTES = 100
const MAX_PATH_BYTES = 4096
const MAX_SEGMENT_BYTES = 255

/**
 * Why a session, folder or service name cannot be used, or undefined when it can.
 * `:` separates the parts of a database key and ends a channel, so no name may hold it; `/` would leave a directory.
 */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (name === '.' || name === '..') return 'may not be "." or ".."'
  if (/[:/\\]/.test(name)) return 'may not contain ":", "/" or "\\"'
  if (hasControlCharacter(name)) return 'may not contain control characters'
  if (name.trim() !== name) return 'may not begin or end with a space'
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`
  return undefined
}

/**
 * Why a file path cannot be used, or undefined when it can. A path is relative to its folder, with `/` between
 * segments. This is what keeps files inside their root, so every path from a socket or a driver goes through it.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'is empty'
  if (path.includes('\0')) return 'contains a NUL character'
  if (!path.isWellFormed()) return 'is not valid Unicode'
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `is longer than ${MAX_PATH_BYTES} bytes`
  for (const segment of path.split('/')) {
    if (segment === '') return 'has an empty segment (a leading, trailing or double "/")'
    if (segment === '.' || segment === '..') return `has a "${segment}" segment`
    if (segment === CONTROL_DIRECTORY) return `is inside ${CONTROL_DIRECTORY}, which belongs to Onitu itself`
    if (segment.length > MAX_SEGMENT_BYTES / 4 && Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) {
      return `has a segment longer than ${MAX_SEGMENT_BYTES} bytes`
    }
  }
  return undefined
}

/** @throws OnituError `INVALID_PATH` */
export function checkPath(path: string): string {
  const problem = pathProblem(path)
  if (problem !== undefined) throw new OnituError('INVALID_PATH', `The path ${JSON.stringify(path)} ${problem}`)
  return path
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20 || unit === 0x7f) return true
  }
  return false
}
