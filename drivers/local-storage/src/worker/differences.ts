import { pairMoves, type Vanished } from '../pair-moves.ts'
import { isFileToken } from '../token.ts'
import type { Folder } from './folder.ts'

/** A file or directory as a look saw it. */
export interface Found extends Vanished {
  readonly in: Folder
  readonly size: number
  readonly mtime: number
  readonly mode: number
  /** When the inode last changed, ms. */
  readonly changedAt: number
}

export interface Lost extends Vanished {
  readonly in: Folder
}

export interface Conclusion {
  readonly moved: readonly { readonly from: Lost; readonly to: Found }[]
  readonly appeared: readonly Found[]
  readonly vanished: readonly Lost[]
}

interface Touched {
  readonly in: Folder
  readonly epoch: number
  readonly path: string
  readonly found: Found | undefined
  readonly turn: number
}

/**
 * The paths that looks found different. A path may be lost and found several times in a look, as things go on being renamed: what counts
 * in the end is what the Plug knows of it and what the index holds then.
 */
export class Differences {
  #touched = new Map<string, Touched>()
  #turn = 0

  get size(): number {
    return this.#touched.size
  }

  has(folder: Folder, path: string): boolean {
    return this.#touched.has(keyOf(folder, path))
  }

  find(found: Found): void {
    this.#touch(found.in, found.path, found)
  }

  lose(folder: Folder, path: string): void {
    this.#touch(folder, path, undefined)
  }

  /** What is found from here on may be half of a rename whose other half happened too late for this turn. */
  beginTurn(): void {
    this.#turn++
  }

  /**
   * Takes the differences of folders that are still what they were when they were looked at. With `holdLast` a possible half of a rename
   * that came up in the last turn stays, for the next look to find the other half.
   */
  conclude(holdLast = false): Conclusion {
    const touched = [...this.#touched.values()].filter(
      ({ in: folder, epoch }) => folder.root !== undefined && folder.epoch === epoch,
    )
    const lost = touched.flatMap(lostOf)
    const found = touched.flatMap(foundOf)
    // Only a free path can be moved to. What was put over another file is a change of that one, as in every atomic save.
    const isNew = (file: Found) => file.in.reported(file.path) === undefined
    const { moved, appeared, vanished } = pairMoves(lost, found.filter(isNew))
    const isLate = (half: Lost) => holdLast && this.#isOfLastTurn(half)
    // A directory goes with the files that were in it, but one that appeared need not wait.
    const isHeld = (file: Found) => isFileToken(file.token) && isLate(file)
    this.#keep([...appeared.filter(isHeld), ...vanished.filter(isLate)])
    const changed = found.filter((file) => !isNew(file))
    const due = appeared.filter((file) => !isHeld(file))
    return { moved, appeared: [...due, ...changed], vanished: vanished.filter((half) => !isLate(half)) }
  }

  #touch(folder: Folder, path: string, found: Found | undefined): void {
    this.#touched.set(keyOf(folder, path), { in: folder, epoch: folder.epoch, path, found, turn: this.#turn })
  }

  #isOfLastTurn({ in: folder, path }: Lost): boolean {
    return this.#touched.get(keyOf(folder, path))?.turn === this.#turn
  }

  #keep(held: readonly Lost[]): void {
    const keys = new Set(held.map(({ in: folder, path }) => keyOf(folder, path)))
    for (const key of this.#touched.keys()) if (!keys.has(key)) this.#touched.delete(key)
  }
}

function keyOf(folder: Folder, path: string): string {
  return `${folder.name}\0${path}`
}

/** In the state that the Plug knows. */
function lostOf({ in: folder, path }: Touched): Lost[] {
  const token = folder.reported(path)
  if (folder.index.get(path) !== undefined || token === undefined) return []
  return [{ in: folder, folder: folder.name, path, token }]
}

/** Unless something else was written or seen there since. */
function foundOf({ in: folder, path, found }: Touched): Found[] {
  const token = folder.index.get(path)
  return found === undefined || found.token !== token || folder.reported(path) === token ? [] : [found]
}
