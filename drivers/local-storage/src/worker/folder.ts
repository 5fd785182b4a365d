import type { ServiceFolder } from '@onitu/plug'
import { FolderIndex } from '../folder-index.ts'
import type { KnownToken } from '../messages.ts'
import { split } from '../paths.ts'
import { isSameRoot, type Root } from './root.ts'
import { Watches } from './watches.ts'

/** Names of a directory to look at; `all` of them; `deep`: with everything below. */
export type Dirt = Set<string> | 'all' | 'deep'

const MANY_NAMES = 64

/** The state of one folder of the service. Only the worker thread touches it, so each synchronous step sees and leaves it consistent. */
export class Folder {
  readonly name: string
  readonly path: string
  readonly identity: string
  known: boolean
  readonly index = new FolderIndex()
  readonly watches: Watches
  /** Undefined while the folder is unavailable. */
  root: Root | undefined
  /** Counts how often the folder was opened: what was seen under another count says nothing about this root. */
  epoch = 0
  /** Why it is unavailable, as last told. */
  problem: string | undefined
  dirt = new Map<string, Dirt>()
  /** What is left alone (links, sockets, unreadable), path -> code, so that each is told once. */
  readonly leftAlone = new Map<string, string>()

  constructor(folder: ServiceFolder, onEvent: (folder: Folder, directory: string, name: string | null) => void) {
    this.name = folder.name
    this.path = folder.path
    this.identity = folder.identity
    this.known = folder.known
    this.watches = new Watches(folder.path, {
      onEvent: (directory, name) => onEvent(this, directory, name),
      onMoved: (directory) => this.#moved(directory),
    })
  }

  get isAvailable(): boolean {
    return this.root !== undefined && isSameRoot(this.path, this.root)
  }

  open(root: Root, known: readonly KnownToken[]): void {
    this.index.clear()
    for (const [path, token] of known) this.index.set(path, token)
    this.root = root
    this.epoch++
    this.problem = undefined
    this.leftAlone.clear()
    this.markDirectory('', 'deep')
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
    else if (dirt.size >= MANY_NAMES) this.dirt.set(directory, 'all')
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
