import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { Failure, isAbsent, systemFailure } from '../failure.ts'
import type { Folder } from './folder.ts'
import { OpenFiles } from './open-files.ts'
import { requireFolder } from './parents.ts'
import { readFully } from './reads.ts'

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Reads contents of histories. Whether they are what they were is for the receiver to prove: a program may have gone on writing to one. */
export class HistoryReads {
  readonly #folders: ReadonlyMap<string, Folder>
  readonly #open = new OpenFiles()

  constructor(folders: ReadonlyMap<string, Folder>) {
    this.#folders = folders
  }

  chunk(input: {
    readonly folder: string
    readonly hash: string
    readonly offset: number
    readonly size: number
  }): Uint8Array {
    const folder = requireFolder(this.#folders, input.folder)
    const key = `${input.folder}\0${input.hash}`
    try {
      const fd = this.#open.get(key, () => openKept(folder, input.hash))
      return readFully(fd, input.offset, input.size)
    } catch (error) {
      throw systemFailure(error, `Reading the history of ${folder.path}`)
    }
  }

  close(): void {
    this.#open.closeAll()
  }
}

/** One that has not the size that it had is not the content any more; perhaps the same was kept once more. */
function openKept(folder: Folder, hash: string): number {
  for (const { path, size } of folder.history.find(hash)) {
    const fd = openIfThere(path)
    if (fd === undefined) continue
    if (fstatSync(fd).size === size) return fd
    closeSync(fd)
  }
  throw new Failure('changed', 'CHANGED', `The history of ${folder.path} does not have this content any more`)
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, READ)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}
