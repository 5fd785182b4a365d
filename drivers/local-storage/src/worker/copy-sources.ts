import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { HASH_BLOCK_SIZE } from '@onitu/protocol'
import { alignedBytes } from '../aligned-bytes.ts'
import { Failure } from '../failure.ts'
import { OpenFiles } from './open-files.ts'

// O_NONBLOCK: a pipe put in the place of the file must not block the thread.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Files of other services on this machine that are copied from. Each stays open for the upload that it is for, also where it is removed meanwhile, and
 * no longer: another upload of the same content opens what is there then.
 */
export class CopySources {
  readonly #open = new OpenFiles()
  readonly #buffer = alignedBytes(HASH_BLOCK_SIZE)
  /** By upload. */
  readonly #paths = new Map<string, string>()

  /** A block of a content; it is overwritten by the next call. @throws Failure `changed` where the file does not hold it */
  read(upload: string, path: string, contentSize: number, offset: number, size: number): Uint8Array {
    if (this.#paths.get(upload) !== path) this.forget(upload)
    this.#paths.set(upload, path)
    const fd = this.#open.get(upload, () => openSource(path, contentSize))
    let filled = 0
    while (filled < size) {
      const read = readSync(fd, this.#buffer, filled, size - filled, offset + filled)
      if (read === 0) throw changed(path, `ends at ${offset + filled}`)
      filled += read
    }
    return this.#buffer.subarray(0, size)
  }

  forget(upload: string): void {
    if (this.#paths.delete(upload)) this.#open.close(upload)
  }

  close(): void {
    this.#paths.clear()
    this.#open.closeAll()
  }
}

function openSource(path: string, contentSize: number): number {
  let fd: number
  try {
    fd = openSync(path, READ)
  } catch (error) {
    throw changed(path, `cannot be opened: ${String(error)}`)
  }
  const found = fstatSync(fd)
  if (found.isFile() && found.size === contentSize) return fd
  closeSync(fd)
  throw changed(path, `is not a file of ${contentSize} bytes`)
}

function changed(path: string, why: string): Failure {
  return new Failure(
    'changed',
    'CHANGED',
    `${JSON.stringify(path)}, which another service named as its content, ${why}`,
  )
}
