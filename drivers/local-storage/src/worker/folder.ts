import type { ServiceFolder } from '@onitu/plug'
import { type Entry, FolderIndex } from '../folder-index.ts'
import type { KnownToken } from '../messages.ts'
import { split } from '../paths.ts'
import { isDirectoryToken, type Token, UNSEEN_DIRECTORY, UNSEEN_FILE } from '../token.ts'
import { FolderHistory } from './folder-history.ts'
import { isSameRoot, type Root } from './root.ts'
import { Watches } from './watches.ts'

/** Names of a directory to look at; `all` of them; `deep`: with everything below. */
export type Dirt = Set<string> | 'all' | 'deep'

/** From so many names on, or all that are known in it if those are more, a directory is looked at as a whole. */
const MANY_NAMES = 64

/** The state of one folder of the service. Only the worker thread touches it, so each synchronous step sees and leaves it consistent. */
export class Folder {
  readonly name: string
  readonly path: string
  readonly identity: string
  known: boolean
  /** Whether what is in it may be read to know its hash. */
  readonly isRead: boolean
  index = new FolderIndex()
  /** What the Plug knows, as it comes in; becomes the index when the folder opens. */
  #incoming = new FolderIndex()
  readonly watches: Watches
  readonly history: FolderHistory
  /** Where the index differs from what the Plug was told: path -> the token that the Plug knows (undefined: none). */
  readonly #unreported = new Map<string, Token | undefined>()
  /** Undefined while the folder is unavailable. */
  root: Root | undefined
  /** Counts how often the folder was opened: what was seen under another count says nothing about this root. */
  epoch = 0
  /** Why it is unavailable, as last told. */
  problem: string | undefined
  dirt = new Map<string, Dirt>()
  /** What is left alone (links, sockets, unreadable), path -> code, so that each is told once. */
  readonly leftAlone = new Map<string, string>()

  constructor(
    folder: ServiceFolder,
    onEvent: (folder: Folder, directory: string, name: string | null) => void,
    warn: (message: string) => void,
  ) {
    this.name = folder.name
    this.path = folder.path
    this.identity = folder.identity
    this.known = folder.known
    this.isRead = folder.mode !== 'w'
    this.history = new FolderHistory(folder.path, folder.history, warn)
    this.watches = new Watches(folder.path, {
      onEvent: (directory, name) => onEvent(this, directory, name),
      onMoved: (directory) => this.#moved(directory),
    })
  }

  get isAvailable(): boolean {
    return this.root !== undefined && isSameRoot(this.path, this.root)
  }

  addKnown(files: readonly KnownToken[]): void {
    for (const [path, token] of files) this.#incoming.set(path, token)
  }

  /** Begins anew with what was told to be known, and everything to be looked at. */
  open(root: Root): void {
    if (this.epoch > 0) this.#doubtDifferences(this.#incoming)
    this.index = this.#incoming
    // A crash may come between a file and the directory that was made for it. Without an entry nobody would miss the directory.
    this.index.completeDirectories(UNSEEN_DIRECTORY)
    this.#unreported.clear()
    this.#incoming = new FolderIndex()
    this.root = root
    this.epoch++
    this.problem = undefined
    this.leftAlone.clear()
    this.markDirectory('', 'deep')
  }

  /**
   * What was reported or written while the Plug was asked may not be in its answer yet, or still be in it: whatever is there is told once more, and so is that
   * nothing is. Left to the answer, a file that an order has just made and a user deletes would be missed by nobody.
   */
  #doubtDifferences(listed: FolderIndex): void {
    const paths = new Set([...this.index.paths(), ...this.#unreported.keys(), ...listed.paths()])
    for (const path of paths) {
      const told = this.reported(path)
      const known = listed.get(path)
      if (told !== known) listed.set(path, isDirectoryToken(told ?? known) ? UNSEEN_DIRECTORY : UNSEEN_FILE)
    }
  }

  /** The token that the Plug knows. */
  reported(path: string): Token | undefined {
    return this.#unreported.has(path) ? this.#unreported.get(path) : this.index.get(path)
  }

  /** A look found another state than the one in the index (undefined: nothing). */
  saw(path: string, token: Token | undefined): void {
    const known = this.reported(path)
    this.#set(path, token)
    this.told(path, known)
  }

  /** A look found nothing at or below the path. Gives the entries that the index held. */
  sawNothing(path: string): Entry[] {
    return this.#forget(this.index.removeTree(path))
  }

  sawNothingBelow(directory: string): Entry[] {
    return this.#forget(this.index.removeBelow(directory))
  }

  /** An order was carried out: index and Plug know it. */
  wrote(path: string, token: Token | undefined): void {
    this.#set(path, token)
    this.told(path, token)
  }

  /** The Plug knows this state now, whatever the index holds. */
  told(path: string, token: Token | undefined): void {
    if (this.index.get(path) === token) this.#unreported.delete(path)
    else this.#unreported.set(path, token)
  }

  #set(path: string, token: Token | undefined): void {
    if (token === undefined) this.index.delete(path)
    else this.index.set(path, token)
  }

  #forget(entries: Entry[]): Entry[] {
    for (const { path, token } of entries) {
      if (!this.#unreported.has(path)) this.#unreported.set(path, token)
      else if (this.#unreported.get(path) === undefined) this.#unreported.delete(path)
    }
    return entries
  }

  leave(): void {
    this.root = undefined
    this.watches.close()
    this.dirt = new Map()
  }

  absolute(path: string): string {
    return path === '' ? this.path : `${this.path}/${path}`
  }

  markName(directory: string, name: string): void {
    const dirt = this.dirt.get(directory)
    if (dirt === 'all' || dirt === 'deep') return
    if (dirt === undefined) this.dirt.set(directory, new Set([name]))
    else if (dirt.size >= Math.max(MANY_NAMES, this.index.children(directory).size)) this.dirt.set(directory, 'all')
    else dirt.add(name)
  }

  markDirectory(directory: string, how: 'all' | 'deep'): void {
    if (this.dirt.get(directory) !== 'deep') this.dirt.set(directory, how)
  }

  #moved(directory: string): void {
    const parent = split(directory)
    if (directory === '') {
      this.watches.add('')
      this.markDirectory('', 'deep')
    } else {
      this.watches.remove(directory)
      this.markName(parent.directory, parent.name)
    }
  }

  takeDirt(): Map<string, Dirt> {
    const dirt = this.dirt
    this.dirt = new Map()
    return dirt
  }
}
