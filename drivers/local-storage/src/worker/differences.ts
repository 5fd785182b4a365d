import { pairMoves, type Vanished } from '../pair-moves.ts'
import type { Folder } from './folder.ts'

/** A file or directory that is new or different. */
export interface Found extends Vanished {
  readonly in: Folder
  readonly epoch: number
  readonly size: number
  readonly mtime: number
  readonly mode: number
  readonly changedAt: number
  /** The token in which it was last reported; undefined when it is new. */
  readonly previous: string | undefined
}

export interface Lost extends Vanished {
  readonly in: Folder
  readonly epoch: number
}

export interface Conclusion {
  readonly moved: readonly { readonly from: Lost; readonly to: Found }[]
  readonly appeared: readonly Found[]
  readonly vanished: readonly Lost[]
}

/**
 * What one look found, against what was last reported. A path may be lost and found several times in a look, as things go on being renamed:
 * what counts is the first state (the one reported) and the last (the one that is there).
 */
export class Differences {
  #found = new Map<string, Found>()
  #lost = new Map<string, Lost>()

  get size(): number {
    return this.#found.size
  }

  find(file: Found): void {
    const key = keyOf(file)
    const earlier = this.#found.get(key)
    this.#found.set(key, earlier === undefined ? file : { ...file, previous: earlier.previous })
  }

  /** `file.token`: the state last reported, or undefined when it never was, unless this look found it in between. */
  lose(file: Omit<Lost, 'token'> & { readonly token: string | undefined }): void {
    const key = keyOf(file)
    const earlier = this.#found.get(key)
    this.#found.delete(key)
    const token = earlier === undefined ? file.token : earlier.previous
    if (token !== undefined && !this.#lost.has(key)) this.#lost.set(key, { ...file, token })
  }

  /** Takes what was found, of folders that are still what they were. */
  conclude(): Conclusion {
    const found = [...this.#found.values()].filter(stillCounts)
    const lost = [...this.#lost.values()].filter(stillCounts)
    this.#found = new Map()
    const isNew = (file: Found) => file.previous === undefined && !this.#lost.has(keyOf(file))
    // Only a free path can be moved to. What was put over another file is a change of that one, as in every atomic save.
    const { moved, appeared, vanished } = pairMoves(lost, found.filter(isNew))
    const gone = new Map(vanished.map((file) => [keyOf(file), file]))
    const changed = found
      .filter((file) => !isNew(file))
      .map((file) => ({ ...file, previous: file.previous ?? gone.get(keyOf(file))?.token }))
    for (const file of changed) gone.delete(keyOf(file))
    this.#lost = new Map()
    return { moved, appeared: [...appeared, ...changed], vanished: [...gone.values()] }
  }
}

function stillCounts(file: Found | Lost): boolean {
  return file.in.root !== undefined && file.in.epoch === file.epoch
}

function keyOf({ folder, path }: { readonly folder: string; readonly path: string }): string {
  return `${folder}\0${path}`
}
