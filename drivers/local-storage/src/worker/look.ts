import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { codeOf, isAbsent } from '../failure.ts'
import type { Entry } from '../folder-index.ts'
import { isOwnName, join, split } from '../paths.ts'
import { isDirectoryToken, isFileToken, isLeftAlone, modeOf, mtimeOf, tokenOf } from '../token.ts'
import type { Differences } from './differences.ts'
import type { Folder } from './folder.ts'
import { isRealDirectory } from './real-directory.ts'
import { undecodableNames } from './undecodable-names.ts'

export interface LookHooks {
  /** A file whose token is the one known. */
  onSame(folder: Folder, path: string, stat: BigIntStats): void
  /** A file that is gone is not worth reading any more. */
  cancel(folder: Folder, path: string): void
  onOwnFile(folder: Folder, path: string): void
  problem(folder: Folder, path: string, code: string, reason: string): void
}

interface Task {
  readonly folder: Folder
  readonly directory: string
  readonly what: ReadonlySet<string> | 'all' | 'deep'
  /** The names may have been away for a moment, so what is below them is unknown, whatever their tokens say. */
  readonly isRecheck?: boolean
}

/**
 * One look at what is dirty: compares the file system with the index, brings the index up to date and gathers the differences. Each
 * step is synchronous and deals with one directory, so writes of orders may come between steps but never within one.
 */
export class Look {
  readonly differences: Differences
  readonly #tasks: Task[] = []
  readonly #hooks: LookHooks

  /** Adds to the differences, which may hold some of an earlier look. */
  constructor(differences: Differences, hooks: LookHooks) {
    this.differences = differences
    this.#hooks = hooks
  }

  add(folder: Folder): void {
    for (const [directory, what] of folder.takeDirt()) this.#tasks.push({ folder, directory, what })
    // Names before whole directories: what was renamed is then known to be gone before it is found again.
    this.#tasks.sort((a, b) => Number(a.what instanceof Set) - Number(b.what instanceof Set))
  }

  /** Looks at one directory. False when there is nothing left. */
  step(): boolean {
    const task = this.#tasks.pop()
    if (task === undefined) return false
    const bad = firstUnreal(task.folder, task.directory)
    if (bad !== undefined) this.#recheck(task.folder, bad)
    else if (task.what === 'all' || task.what === 'deep')
      this.#directory(task.folder, task.directory, task.what === 'deep')
    else for (const name of task.what) this.#name(task.folder, task.directory, name, task.isRecheck === true, true)
    return true
  }

  #directory(folder: Folder, directory: string, deep: boolean): void {
    const names = this.#list(folder, directory)
    if (names === undefined) return
    for (const name of names) this.#name(folder, directory, name, deep, false)
    const present = new Set(names)
    for (const name of [...folder.index.children(directory).keys()]) {
      if (!present.has(name)) this.#gone(folder, join(directory, name))
    }
    if (!folder.watches.has(directory)) this.#watch(folder, directory)
  }

  /** Undefined when it could not be listed as a whole: then nothing in it counts as gone. */
  #list(folder: Folder, directory: string): string[] | undefined {
    try {
      const path = folder.absolute(directory)
      // Names that are no UTF-8 come with replacement characters, and so may names that really have them.
      const names = readdirSync(path)
      if (!names.some((name) => name.includes('\uFFFD'))) return names
      const undecodable = undecodableNames(path)
      for (const name of undecodable)
        this.#leaveAlone(folder, join(directory, name), 'INVALID_NAME', 'its name is not UTF-8')
      return names.filter((name) => !undecodable.has(name))
    } catch (error) {
      if (!isAbsent(error)) this.#unreadable(folder, directory, error)
      else if (directory !== '') this.#recheck(folder, directory)
      return undefined
    }
  }

  #recheck(folder: Folder, directory: string): void {
    const { directory: parent, name } = split(directory)
    this.#tasks.push({ folder, directory: parent, what: new Set([name]), isRecheck: true })
  }

  #name(folder: Folder, directory: string, name: string, deep: boolean, byEvent: boolean): void {
    const path = join(directory, name)
    if (isOwnName(name)) {
      if (!byEvent) this.#hooks.onOwnFile(folder, path)
      return
    }
    const stat = this.#stat(folder, path)
    if (stat === 'unknown') return
    if (stat === undefined) {
      if (byEvent && name.includes('\uFFFD')) this.#tasks.push({ folder, directory, what: 'all' })
      this.#gone(folder, path)
      return
    }
    const token = tokenOf(stat)
    if (isLeftAlone(token)) this.#special(folder, path, token)
    else if (isFileToken(token)) this.#file(folder, path, token, stat)
    else this.#subdirectory(folder, path, token, stat, deep)
  }

  #stat(folder: Folder, path: string): BigIntStats | undefined | 'unknown' {
    try {
      return lstatSync(folder.absolute(path), { bigint: true, throwIfNoEntry: false })
    } catch (error) {
      if (isAbsent(error)) return undefined
      this.#unreadable(folder, path, error)
      return 'unknown'
    }
  }

  #file(folder: Folder, path: string, token: string, stat: BigIntStats): void {
    const previous = folder.index.get(path)
    folder.leftAlone.delete(path)
    if (previous === token) {
      // What this look has found itself is handed on with the rest of it, behind what vanished.
      if (!this.differences.has(folder, path)) this.#hooks.onSame(folder, path, stat)
      return
    }
    if (isDirectoryToken(previous)) this.#forgetBelow(folder, path)
    this.#record(folder, path, token, stat)
  }

  #subdirectory(folder: Folder, path: string, token: string, stat: BigIntStats, deep: boolean): void {
    const previous = folder.index.get(path)
    folder.leftAlone.delete(path)
    const isSame = previous !== undefined && inodeOf(previous) === inodeOf(token)
    if (previous !== token) this.#record(folder, path, token, stat)
    if (!isDirectoryToken(previous)) this.#hooks.cancel(folder, path)
    const isWatched = isSame && folder.watches.has(path)
    if (!isWatched && !this.#watch(folder, path, token)) return
    if (deep || !isWatched) this.#tasks.push({ folder, directory: path, what: 'deep' })
  }

  /** The watch comes before the listing, so nothing is missed between; and it must be on the directory that was looked at. */
  #watch(folder: Folder, path: string, token?: string): boolean {
    const code = folder.watches.add(path)
    if (code !== undefined) {
      this.#hooks.problem(
        folder,
        path,
        code,
        'The system gives no more watches (fs.inotify.max_user_watches); it is scanned now and then instead',
      )
    }
    if (token === undefined) return true
    const stat = this.#stat(folder, path)
    if (stat !== undefined && stat !== 'unknown' && inodeOf(tokenOf(stat)) === inodeOf(token)) return true
    folder.watches.remove(path)
    this.#recheck(folder, path)
    return false
  }

  #record(folder: Folder, path: string, token: string, stat: BigIntStats): void {
    folder.saw(path, token)
    const size = isFileToken(token) ? Number(stat.size) : 0
    const times = { mtime: mtimeOf(stat), changedAt: Number(stat.ctimeMs) }
    this.differences.find({ in: folder, folder: folder.name, path, token, size, mode: modeOf(stat), ...times })
  }

  #gone(folder: Folder, path: string): void {
    folder.leftAlone.delete(path)
    this.#hooks.cancel(folder, path)
    for (const entry of folder.sawNothing(path)) this.#lose(folder, entry)
  }

  #forgetBelow(folder: Folder, path: string): void {
    folder.watches.remove(path)
    for (const entry of folder.sawNothingBelow(path)) this.#lose(folder, entry)
  }

  #lose(folder: Folder, { path, token }: Entry): void {
    if (isDirectoryToken(token)) folder.watches.remove(path)
    this.#hooks.cancel(folder, path)
    this.differences.lose(folder, path)
  }

  /** What became a link or the like is not deleted: what the other services hold of it stays, also below it. */
  #special(folder: Folder, path: string, token: string): void {
    folder.watches.remove(path)
    this.#hooks.cancel(folder, path)
    for (const below of folder.index.directoriesBelow(path)) folder.watches.remove(below)
    const reason = token === '!SYMLINK' ? 'it is a symbolic link' : 'it is neither a file nor a directory'
    this.#leaveAlone(folder, path, token.slice(1), reason)
  }

  #leaveAlone(folder: Folder, path: string, code: string, reason: string): void {
    if (folder.leftAlone.get(path) === code) return
    folder.leftAlone.set(path, code)
    this.#hooks.problem(folder, path, code, `It is left alone, because ${reason}`)
  }

  #unreadable(folder: Folder, path: string, error: unknown): void {
    const code = codeOf(error)
    if (code === undefined) throw error
    this.#hooks.cancel(folder, path)
    this.#leaveAlone(folder, path === '' ? '.' : path, code, error instanceof Error ? error.message : code)
  }
}

/** The topmost part of the path that is no real directory: beyond a link, names would be those of files outside of the root. */
function firstUnreal(folder: Folder, directory: string): string | undefined {
  for (let end = directory.indexOf('/'); directory !== ''; end = directory.indexOf('/', end + 1)) {
    const path = end < 0 ? directory : directory.slice(0, end)
    if (!isRealDirectory(folder.absolute(path))) return path
    if (end < 0) return undefined
  }
  return undefined
}

function inodeOf(token: string): string {
  return token.slice(0, token.indexOf('-'))
}
