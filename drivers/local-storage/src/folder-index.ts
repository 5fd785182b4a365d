import { join, split } from './paths.ts'
import { isDirectoryToken, type Token } from './token.ts'

export interface Entry {
  readonly path: string
  readonly token: Token
}

/**
 * What was last seen in a folder: path -> token. Kept per directory, so that a directory can be compared with its listing and a
 * subtree removed without going through the rest; a name is stored once, without its directory, which matters with 100,000 files.
 */
export class FolderIndex {
  #directories = new Map<string, Map<string, Token>>()

  get isEmpty(): boolean {
    return this.#directories.size === 0
  }

  get(path: string): Token | undefined {
    const { directory, name } = split(path)
    return this.#directories.get(directory)?.get(name)
  }

  set(path: string, token: Token): void {
    const { directory, name } = split(path)
    let names = this.#directories.get(directory)
    if (names === undefined) {
      names = new Map()
      this.#directories.set(directory, names)
    }
    names.set(name, token)
  }

  /** Names and tokens in a directory (`''`: the root). The map may change afterwards. */
  children(directory: string): ReadonlyMap<string, Token> {
    return this.#directories.get(directory) ?? new Map()
  }

  *paths(): Iterable<string> {
    for (const [directory, names] of this.#directories) for (const name of names.keys()) yield join(directory, name)
  }

  /** Forgets one entry and leaves what is below it. */
  delete(path: string): void {
    const { directory, name } = split(path)
    const names = this.#directories.get(directory)
    names?.delete(name)
    if (names?.size === 0) this.#directories.delete(directory)
  }

  /** Forgets an entry with all below it; gives what was forgotten, children before their directory. */
  removeTree(path: string): Entry[] {
    const removed = this.removeBelow(path)
    const token = this.get(path)
    if (token !== undefined) removed.push({ path, token })
    this.delete(path)
    return removed
  }

  /** Gives an entry with this token to every directory that is known only by what is in it. */
  completeDirectories(token: Token): void {
    for (const directory of [...this.#directories.keys()]) this.#complete(directory, token)
  }

  removeBelow(directory: string, removed: Entry[] = []): Entry[] {
    const names = this.#directories.get(directory)
    this.#directories.delete(directory)
    for (const [name, token] of names ?? []) {
      const path = join(directory, name)
      // Entries may be below a directory that was itself not recorded yet, so the map of directories is asked too.
      if (isDirectoryToken(token) || this.#directories.has(path)) this.removeBelow(path, removed)
      removed.push({ path, token })
    }
    return removed
  }

  #complete(directory: string, token: Token): void {
    if (directory === '' || this.get(directory) !== undefined) return
    this.set(directory, token)
    this.#complete(split(directory).directory, token)
  }

  directoriesBelow(directory: string, found: string[] = []): string[] {
    for (const [name, token] of this.children(directory)) {
      const path = join(directory, name)
      if (!isDirectoryToken(token)) continue
      found.push(path)
      this.directoriesBelow(path, found)
    }
    return found
  }
}
