import { CONTROL_DIRECTORY } from '@onitu/plug'
import type { Session } from '../connection/session.ts'
import { hasStatus, NO_SUCH_FILE, PERMISSION_DENIED } from '../connection/sftp-status.ts'
import type { Folder } from '../folder.ts'
import { join } from '../paths.ts'
import { isDirectoryToken, isLeftAlone } from '../token.ts'
import { type Found, foundAt, isDecoded } from './found.ts'
import { walkTree } from './walk-tree.ts'

export interface Listing {
  /** New, or other than they are known. */
  readonly changed: readonly Found[]
  /** Known and not there any more; what is deeper first. */
  readonly vanished: readonly string[]
}

export type TellProblem = (path: string, code: string, reason: string) => void

/** Directories that are listed at once. */
const PARALLEL = 8

/**
 * Lists a whole folder without reading any content, and compares it with the index directory by directory. What this driver itself has written
 * since the listing began is left to the next one. @throws when the folder, or a part of it, could not be listed for now
 */
export async function listFolder(session: Session, folder: Folder, problem: TellProblem): Promise<Listing> {
  await folder.require(session)
  await folder.requireMarker(session)
  const walk = new Walk(session, folder, problem)
  await walk.run()
  // Only a root that is still the right one says anything about what is not in it.
  await folder.requireMarker(session)
  return { changed: walk.changed, vanished: walk.vanished }
}

class Walk {
  readonly changed: Found[] = []
  readonly vanished: string[] = []
  readonly #session: Session
  readonly #folder: Folder
  readonly #problem: TellProblem
  readonly #began: number

  constructor(session: Session, folder: Folder, problem: TellProblem) {
    this.#session = session
    this.#folder = folder
    this.#problem = problem
    this.#began = folder.index.now()
  }

  async run(): Promise<void> {
    await walkTree('', PARALLEL, (directory) => this.#list(directory))
    this.#folder.index.forgetWritten(this.#began)
  }

  /** Gives the directories in it. */
  async #list(directory: string): Promise<readonly string[]> {
    const entries = await this.#entries(directory)
    if (entries === undefined) return []
    const directories: string[] = []
    const { index } = this.#folder
    const names = new Set<string>()
    for (const entry of entries) {
      if (directory === '' && entry.filename === CONTROL_DIRECTORY) continue
      names.add(entry.filename)
      const path = join(directory, entry.filename)
      if (!isDecoded(entry)) {
        this.#problem(path, 'INVALID_NAME', 'The name is not UTF-8, so it is left alone')
        continue
      }
      const found = foundAt(path, entry.attrs)
      this.#look(found)
      if (isDirectoryToken(found.token)) directories.push(path)
    }
    for (const [name] of index.children(directory)) if (!names.has(name)) this.#lose(join(directory, name))
    return directories
  }

  /** undefined: nothing can be said about what is in it. */
  async #entries(directory: string) {
    try {
      return await this.#session.list(this.#folder.absolute(directory))
    } catch (error) {
      // It has gone since the directory above it was listed: the next listing will see.
      if (hasStatus(error, NO_SUCH_FILE) && directory !== '') return undefined
      if (!hasStatus(error, PERMISSION_DENIED) || directory === '') throw error
      this.#problem(
        directory,
        'EACCES',
        'The server does not let us list this directory, so nothing is known of what is in it',
      )
      return undefined
    }
  }

  #look(found: Found): void {
    const { index } = this.#folder
    const { path, token } = found
    if (isLeftAlone(token)) {
      // What is known of it stays as it was: a file that is replaced by a link does not count as deleted.
      this.#problem(path, token.slice(1), 'It is neither a file nor a directory, so it is left alone')
      return
    }
    if (!isDirectoryToken(token) && index.children(path).size > 0) this.#loseBelow(path)
    if (index.get(path) !== token && !index.wasWrittenSince(path, this.#began)) this.changed.push(found)
  }

  #lose(path: string): void {
    this.#loseBelow(path)
    if (!this.#folder.index.wasWrittenSince(path, this.#began)) this.vanished.push(path)
  }

  #loseBelow(path: string): void {
    const { index } = this.#folder
    for (const { path: below } of index.below(path)) {
      if (!index.wasWrittenSince(below, this.#began)) this.vanished.push(below)
    }
  }
}
