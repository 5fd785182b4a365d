import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { codeOf, Failure, isAbsent, systemFailure } from '../failure.ts'
import type { Place } from '../messages.ts'
import { tokenOf } from '../token.ts'
import type { Folder } from './folder.ts'
import { OpenFiles } from './open-files.ts'
import { Parents, requireFolder } from './parents.ts'

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Reads files in the state that is wanted, and in no other. */
export class Reads {
  readonly #folders: ReadonlyMap<string, Folder>
  readonly #open = new OpenFiles()
  #parents: Parents | undefined

  constructor(folders: ReadonlyMap<string, Folder>) {
    this.#folders = folders
  }

  whole({ folder, path, token }: Place & { readonly token: string }): Uint8Array {
    return this.#guard(path, () => {
      const fd = this.#openFile(folder, path)
      try {
        const { size } = fstatSync(fd)
        requireToken(fd, path, token)
        return readRange(fd, path, token, 0, size)
      } finally {
        closeSync(fd)
      }
    })
  }

  chunk(input: Place & { readonly token: string; readonly offset: number; readonly size: number }): Uint8Array {
    const { folder, path, token, offset, size } = input
    const key = `${folder}\0${path}\0${token}`
    return this.#guard(path, () => {
      const fd = this.#open.get(key, () => this.#openFile(folder, path))
      try {
        requireToken(fd, path, token)
        return readRange(fd, path, token, offset, size)
      } catch (error) {
        this.#open.close(key)
        throw error
      }
    })
  }

  /** Where the file is, if it is in the state that is wanted. */
  place({ folder, path, token }: Place & { readonly token: string }): string {
    return this.#guard(path, () => {
      const fd = this.#openFile(folder, path)
      try {
        requireToken(fd, path, token)
      } finally {
        closeSync(fd)
      }
      return this.#resolve(folder, path)
    })
  }

  close(): void {
    this.#open.closeAll()
  }

  #openFile(folder: string, path: string): number {
    return openSync(this.#resolve(folder, path), READ)
  }

  #resolve(folder: string, path: string): string {
    return this.#batchParents().resolve(requireFolder(this.#folders, folder), path, false)
  }

  /** What is proven of parents holds for the calls of one message. */
  #batchParents(): Parents {
    if (this.#parents !== undefined) return this.#parents
    const parents = new Parents()
    this.#parents = parents
    queueMicrotask(() => {
      this.#parents = undefined
    })
    return parents
  }

  #guard<R>(path: string, read: () => R): R {
    try {
      return read()
    } catch (error) {
      // ELOOP: a link is where the file was.
      if (isAbsent(error) || codeOf(error) === 'ELOOP') throw new Failure('changed', 'CHANGED', `"${path}" is gone`)
      throw systemFailure(error, `Reading "${path}"`)
    }
  }
}

function requireToken(fd: number, path: string, token: string): void {
  if (tokenOf(fstatSync(fd, { bigint: true })) !== token) {
    throw new Failure('changed', 'CHANGED', `"${path}" is not in the state that is wanted`)
  }
}

function readRange(fd: number, path: string, token: string, offset: number, size: number): Uint8Array {
  const content = readFully(fd, offset, size)
  requireToken(fd, path, token)
  return content
}

/** Fewer bytes only at the end of the file. */
export function readFully(fd: number, offset: number, size: number): Uint8Array {
  const content = Buffer.allocUnsafeSlow(size)
  let filled = 0
  while (filled < size) {
    const read = readSync(fd, content, filled, size - filled, offset + filled)
    if (read === 0) break
    filled += read
  }
  // A copy, not a view: the buffer is handed to the other thread as a whole.
  return filled === size ? content : Uint8Array.from(content.subarray(0, filled))
}
