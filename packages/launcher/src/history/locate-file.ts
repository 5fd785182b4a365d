import { isAbsolute, posix, sep } from 'node:path'
import { checkPath, OnituError } from '@onitu/protocol'
import type { Setup } from '../setup/setup.ts'

/** A file as it was named on a command line. */
export interface FileArgument {
  /** As written. */
  readonly file: string
  /** The same from the directory of the command, and without symbolic links: either may be in a root. */
  readonly absolute: readonly string[]
  /** Null when no folder was named. */
  readonly folder: string | null
}

export interface FilePlace {
  readonly folder: string
  readonly path: string
}

/** Where a folder is on this machine, without and with symbolic links resolved. */
export interface FolderRoot {
  readonly folder: string
  readonly paths: readonly string[]
}

/**
 * Which file of which folder was meant: one in a root of a service on this machine, else one relative to the folder (that was
 * named, or the only one). Pure.
 * @throws OnituError `UNKNOWN_FOLDER`, `AMBIGUOUS_FOLDER`, `NOT_IN_FOLDER`, `INVALID_PATH`
 */
export function locateFile(
  folders: Setup['folders'],
  roots: readonly FolderRoot[],
  { file, absolute, folder }: FileArgument,
): FilePlace {
  if (folder !== null && !folders.has(folder)) {
    throw new OnituError('UNKNOWN_FOLDER', `There is no folder ${JSON.stringify(folder)}, only ${listed(folders)}`)
  }
  const candidates = roots.filter((root) => folder === null || root.folder === folder)
  if (folder === null || isAbsolute(file)) {
    const found = candidates.flatMap((root) => inRoot(root, absolute) ?? [])[0]
    if (found !== undefined) return { folder: found.folder, path: checkPath(found.path) }
    if (isAbsolute(file)) throw new OnituError('NOT_IN_FOLDER', `${file} is in no folder of a service on this machine`)
  }
  return { folder: folder ?? onlyFolder(folders, file), path: checkPath(posix.normalize(file).replace(/\/$/, '')) }
}

function inRoot({ folder, paths }: FolderRoot, files: readonly string[]): FilePlace | undefined {
  for (const root of paths) {
    const prefix = root.endsWith(sep) ? root : `${root}${sep}`
    const inside = files.find((file) => file.startsWith(prefix))
    if (inside !== undefined) return { folder, path: inside.slice(prefix.length).split(sep).join('/') }
  }
  return undefined
}

function onlyFolder(folders: Setup['folders'], file: string): string {
  const [only, ...others] = folders.keys()
  if (only !== undefined && others.length === 0) return only
  throw new OnituError(
    'AMBIGUOUS_FOLDER',
    `${JSON.stringify(file)} is in no root here; choose one of the folders ${listed(folders)} with --folder NAME`,
  )
}

function listed(folders: Setup['folders']): string {
  return [...folders.keys()].map((name) => JSON.stringify(name)).join(', ')
}
