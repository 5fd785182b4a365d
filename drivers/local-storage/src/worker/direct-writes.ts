import { constants, openSync, writeSync } from 'node:fs'
import { DIRECT_IO_ALIGNMENT, DIRECT_IO_LEAST, refusesDirectIo } from '@onitu/protocol'
import { isAligned } from '../aligned-bytes.ts'
import { codeOf } from '../failure.ts'
import { OpenFiles } from './open-files.ts'

/** Undefined where the system has no such flag. */
const DIRECT: number | undefined = constants.O_DIRECT

/**
 * Writes large files to the disk directly. They have to be there before they get their names, so that a copy in the memory of the system, which it has to find
 * room for and then write out, is of no use.
 */
export class DirectWrites {
  readonly #open = new OpenFiles()
  /** Files on whose file system it cannot be done. */
  readonly #refused = new Set<string>()

  /** Writes as many bytes of the beginning of `content` as can be written so. Gives how many. Throws what the system says against any way of writing. */
  write(path: string, fileSize: number, content: Uint8Array, offset: number): number {
    const length = content.byteLength - (content.byteLength % DIRECT_IO_ALIGNMENT)
    const isLast = offset + content.byteLength === fileSize
    const fits = offset % DIRECT_IO_ALIGNMENT === 0 && (isLast || length === content.byteLength)
    if (DIRECT === undefined || fileSize < DIRECT_IO_LEAST || !fits || !isAligned(content) || this.#refused.has(path))
      return 0
    try {
      const fd = this.#open.get(path, () => openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | DIRECT))
      return writeSync(fd, content, 0, length, offset)
    } catch (error) {
      if (!refusesDirectIo(codeOf(error))) throw error
      this.forget(path)
      this.#refused.add(path)
      return 0
    }
  }

  forget(path: string): void {
    this.#open.close(path)
    this.#refused.delete(path)
  }

  close(): void {
    this.#open.closeAll()
  }
}
