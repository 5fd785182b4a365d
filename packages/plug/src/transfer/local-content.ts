import type { BigIntStats } from 'node:fs'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { systemCode } from '@onitu/protocol'
import { ChangedError } from '../errors.ts'

/** Not through a link, and without waiting for whoever writes into a pipe. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** A content in a file of this machine that belongs to another service, which may change or remove it at any time. */
export class LocalContent {
  readonly #handle: FileHandle
  readonly #state: string

  private constructor(handle: FileHandle, state: string) {
    this.#handle = handle
    this.#state = state
  }

  /** Undefined where the file cannot be read, whatever the reason, or is not as long as the content: the service that has it can be asked, and says what is wrong. */
  static async open(path: string, size: number): Promise<LocalContent | undefined> {
    let handle: FileHandle | undefined
    try {
      handle = await open(path, FLAGS)
      const found = await handle.stat({ bigint: true })
      if (found.isFile() && found.size === BigInt(size)) return new LocalContent(handle, stateOf(found))
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

  /** @throws ChangedError when it was written to since it was opened, as far as its times tell */
  async requireUnchanged(): Promise<void> {
    if (stateOf(await this.#handle.stat({ bigint: true })) !== this.#state)
      throw new ChangedError('The file changed while it was read')
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

function stateOf({ size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ctimeNs}`
}
