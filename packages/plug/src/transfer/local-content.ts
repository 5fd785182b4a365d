import { constants, type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '@onitu/protocol'

/** Not through a link, and without waiting for whoever writes into a pipe. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** A content in a file of this machine that belongs to another service, which may change or remove it at any time. */
export class LocalContent {
  readonly #handle: FileHandle

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Undefined where the file cannot be read, whatever the reason, or is not as long as the content: the service that has it can be asked, and says what is wrong. */
  static async open(path: string, size: number): Promise<LocalContent | undefined> {
    let handle: FileHandle | undefined
    try {
      handle = await open(path, FLAGS)
      const found = await handle.stat()
      if (found.isFile() && found.size === size) return new LocalContent(handle)
    } catch (error) {
      if (systemCode(error) === undefined) throw error
    }
    await handle?.close()
    return undefined
  }

  /** Fills `target` from an offset on; gives what was read. Fewer bytes only where the file ends. */
  async read(offset: number, target: Uint8Array): Promise<Uint8Array> {
    let filled = 0
    while (filled < target.byteLength) {
      const { bytesRead } = await this.#handle.read(target, filled, target.byteLength - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return target.subarray(0, filled)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
