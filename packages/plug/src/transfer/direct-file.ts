import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { DIRECT_IO_ALIGNMENT, DIRECT_IO_LEAST, refusesDirectIo, systemCode } from '@onitu/protocol'

/** Undefined where the system has no such flag. */
const DIRECT: number | undefined = constants.O_DIRECT

/**
 * A new file for a content of which the size is known. A large one goes to the disk past the memory of the system, which would have to be found for it and
 * cleared, and costs more than all else that is done with it.
 */
export class DirectFile {
  readonly path: string
  readonly handle: FileHandle
  readonly #direct: FileHandle | undefined
  /** The file system cannot do it, or not with such memory. */
  #isRefused = false

  private constructor(path: string, handle: FileHandle, direct: FileHandle | undefined) {
    this.path = path
    this.handle = handle
    this.#direct = direct
  }

  /** Fails where something is at that path. */
  static async create(path: string, size: number, mode: number): Promise<DirectFile> {
    const handle = await open(path, 'wx+', mode)
    try {
      return new DirectFile(path, handle, size < DIRECT_IO_LEAST ? undefined : await openDirect(path))
    } catch (error) {
      await new DirectFile(path, handle, undefined).remove()
      throw error
    }
  }

  async write(content: Uint8Array, offset: number): Promise<void> {
    const written = await this.#writeDirectly(content, offset)
    if (written === content.byteLength) return
    const rest = content.subarray(written)
    const { bytesWritten } = await this.handle.write(rest, 0, rest.byteLength, offset + written)
    if (bytesWritten !== rest.byteLength) throw new Error(`${bytesWritten} of ${rest.byteLength} bytes written`)
  }

  /** What was written stays. May be called twice. */
  async close(): Promise<void> {
    await this.#direct?.close()
    await this.handle.close()
  }

  async remove(): Promise<void> {
    await this.close()
    await rm(this.path, { force: true })
  }

  /** Gives how many bytes from the beginning it has written so. */
  async #writeDirectly(content: Uint8Array, offset: number): Promise<number> {
    const size = content.byteLength - (content.byteLength % DIRECT_IO_ALIGNMENT)
    if (this.#direct === undefined || this.#isRefused || size === 0 || offset % DIRECT_IO_ALIGNMENT !== 0) return 0
    try {
      return (await this.#direct.write(content, 0, size, offset)).bytesWritten
    } catch (error) {
      if (!refusesDirectIo(systemCode(error))) throw error
      this.#isRefused = true
      return 0
    }
  }
}

async function openDirect(path: string): Promise<FileHandle | undefined> {
  if (DIRECT === undefined) return undefined
  try {
    return await open(path, constants.O_WRONLY | constants.O_NOFOLLOW | DIRECT)
  } catch (error) {
    if (!refusesDirectIo(systemCode(error))) throw error
    return undefined
  }
}
