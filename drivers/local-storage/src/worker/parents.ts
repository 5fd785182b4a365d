import { type BigIntStats, lstatSync, mkdirSync } from 'node:fs'
import { codeOf, Failure, systemFailure } from '../failure.ts'
import { localPathProblem, split } from '../paths.ts'
import type { Folder } from './folder.ts'

/** The stat of a path itself, undefined where nothing is. */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/**
 * Proves that a path stays in its root: every directory on the way is a real one. What was proven is remembered for as long as this object is
 * kept, which is one batch of synchronous work.
 */
export class Parents {
  readonly #proven = new Set<string>()

  /** @throws Failure; the absolute path otherwise. With `make`, missing directories are made. */
  resolve(folder: Folder, path: string, make: boolean): string {
    const problem = localPathProblem(path)
    if (problem !== undefined)
      throw new Failure('driver', 'INVALID_PATH', `The path ${JSON.stringify(path)} ${problem}`)
    this.#prove(folder, split(path).directory, make)
    return folder.absolute(path)
  }

  #prove(folder: Folder, directory: string, make: boolean): void {
    const absolute = folder.absolute(directory)
    if (directory === '' || this.#proven.has(absolute)) return
    this.#prove(folder, split(directory).directory, make)
    const stat = statOf(absolute)
    if (stat?.isDirectory() === true) this.#proven.add(absolute)
    else if (stat !== undefined) throw notADirectory(folder, directory, stat)
    else if (make) this.#make(folder, directory)
  }

  #make(folder: Folder, directory: string): void {
    try {
      mkdirSync(folder.absolute(directory))
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw systemFailure(error, `Making the directory "${directory}"`)
      this.#prove(folder, directory, false)
    }
  }
}

function notADirectory(folder: Folder, directory: string, stat: BigIntStats): Failure {
  const where = `"${directory}" in ${folder.path}`
  if (stat.isSymbolicLink())
    return new Failure('driver', 'SYMLINK', `${where} is a symbolic link; links are never followed`)
  return new Failure('conflict', 'CONFLICT', `${where} is needed as a directory, but is a file`)
}

/** @throws Failure when nothing may be read or written there now. */
export function requireFolder(folders: ReadonlyMap<string, Folder>, name: string): Folder {
  const folder = folders.get(name)
  if (folder === undefined) throw new Failure('driver', 'UNKNOWN_FOLDER', `This service has no folder "${name}"`)
  if (folder.root === undefined) {
    throw new Failure('service', 'UNAVAILABLE', folder.problem ?? `The folder ${folder.path} is not open yet`)
  }
  return folder
}

/** The folders of which the root was found to be the one that was accepted, for one batch of synchronous work: see `Parents`. */
export class Roots {
  readonly #folders: ReadonlyMap<string, Folder>
  readonly #proven = new Map<string, Folder>()

  constructor(folders: ReadonlyMap<string, Folder>) {
    this.#folders = folders
  }

  /** As `requireRoot`. */
  require(name: string): Folder {
    const folder = this.#proven.get(name) ?? requireRoot(this.#folders, name)
    this.#proven.set(name, folder)
    return folder
  }
}

/** Before writes: the root is the one that was accepted. */
export function requireRoot(folders: ReadonlyMap<string, Folder>, name: string): Folder {
  const folder = requireFolder(folders, name)
  if (!folder.isAvailable)
    throw new Failure('service', 'UNAVAILABLE', `The folder ${folder.path} is not the one it was`)
  return folder
}
