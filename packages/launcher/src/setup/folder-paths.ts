import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve, sep } from 'node:path'
import { systemCode } from '@onitu/protocol/base'
import type { Problem, SetupPath } from './problem.ts'

/** `~` and `~/x` are the home directory, everything else is relative to the setup file. */
export function absolutePath(path: string, directory: string, home = homedir()): string {
  if (path === '~') return home
  return resolve(directory, path.startsWith('~/') ? join(home, path.slice(2)) : path)
}

/** The path without symbolic links, as far as it exists. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    const parent = dirname(path)
    if (systemCode(error) === 'ENOENT' && parent !== path) return join(realPath(parent), path.slice(parent.length))
    // A part that cannot be read or is no directory is reported by the service; here the path stands as it is.
    return path
  }
}

/** Where a folder of a service is. `place` tells whether two paths can be compared: those of one place can. */
export interface FolderPlace {
  readonly service: string
  readonly folder: string
  readonly path: string
  readonly place: string
  readonly at: SetupPath
}

/** A folder inside another one would be synced twice, into itself even. Pure. */
export function nestedFolders(places: readonly FolderPlace[]): Problem[] {
  const problems: Problem[] = []
  for (const [index, later] of places.entries()) {
    for (const earlier of places.slice(0, index)) {
      const relation = earlier.place === later.place ? relate(later.path, earlier.path) : undefined
      if (relation === undefined) continue
      const other = `folder ${JSON.stringify(earlier.folder)} of service ${JSON.stringify(earlier.service)}`
      problems.push({ path: later.at, message: `the path ${relation} that of ${other} (${earlier.path})` })
    }
  }
  return problems
}

function relate(path: string, other: string): string | undefined {
  if (path === other) return 'is the same as'
  if (isInside(path, other)) return 'is inside'
  return isInside(other, path) ? 'contains' : undefined
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`)
}
