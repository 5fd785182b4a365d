import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { codeOf } from '../failure.ts'

/** A file system that has no hard links answers with one of these. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Where nothing may be, link() is used: it never overwrites. Where there are no links, a look just before has to do.
 * @throws the system's error, EEXIST where something is
 */
export function place(from: string, to: string, mustBeNew: boolean): void {
  if (mustBeNew && link(from, to)) {
    unlinkSync(from)
    return
  }
  if (mustBeNew) requireNothing(to)
  renameSync(from, to)
}

function requireNothing(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw Object.assign(new Error(`EEXIST: ${path} is there`), { code: 'EEXIST' })
}

/** False where the file system has no hard links. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (NO_LINKS.has(codeOf(error) ?? '')) return false
    throw error
  }
}
