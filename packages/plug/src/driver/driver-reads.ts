import { isOnituError } from '@onitu/protocol'
import type { Capabilities, HistoryEntry, Metadata } from '../contract.ts'
import { ConflictError, ServiceError } from '../errors.ts'
import type { HandlerCalls } from './handler-calls.ts'

/** What is read of a service, by whichever handlers its driver has. */
export class DriverReads {
  readonly #calls: HandlerCalls
  readonly #capabilities: Capabilities

  constructor(calls: HandlerCalls, capabilities: Capabilities) {
    this.#calls = calls
    this.#capabilities = capabilities
  }

  async readWhole(metadata: Metadata, token: string, signal?: AbortSignal): Promise<Uint8Array> {
    const handler = this.#calls.get('getFile')
    const content =
      handler === undefined
        ? await this.#readRange(metadata, 0, metadata.size, token, signal)
        : await this.#calls.run('getFile', metadata.path, (inner) => handler(metadata, { token, signal: inner }), {
            signal,
          })
    if (content.byteLength !== metadata.size) {
      throw shortRead(`${metadata.path} has ${content.byteLength} bytes, expected ${metadata.size}`)
    }
    return content
  }

  /** @throws ChangedError when the file is in another state, as far as the driver can tell without reading it. */
  async prove(metadata: Metadata, token: string, signal?: AbortSignal): Promise<void> {
    if (this.#calls.get('getChunk') !== undefined) await this.#readRange(metadata, 0, 0, token, signal)
  }

  /** As `prove`, also where a driver can only read whole contents. */
  async proveByReading(metadata: Metadata, token: string, signal?: AbortSignal): Promise<void> {
    if (this.#calls.get('getChunk') === undefined) await this.readWhole(metadata, token, signal)
    else await this.prove(metadata, token, signal)
  }

  /**
   * Just before something is written. A service without conditional writes is asked once more: an empty read fails if the token is stale.
   * @throws ConflictError
   */
  async recheck(metadata: Metadata, token: string | null, signal?: AbortSignal): Promise<void> {
    if (this.#capabilities.conditionalWrite || token === null) return
    try {
      await this.prove(metadata, token, signal)
    } catch (error) {
      if (!isOnituError(error) || error.code !== 'CHANGED') throw error
      throw new ConflictError(`${metadata.path} has changed in the service`, { cause: error })
    }
  }

  /** Exactly `size` bytes, or those up to the end of the file. `into`: where they may be put, if that spares the driver a buffer. */
  async readChunk(
    metadata: Metadata,
    offset: number,
    size: number,
    token: string,
    signal?: AbortSignal,
    into?: Uint8Array,
  ): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(size, metadata.size - offset))
    if (this.#calls.get('getChunk') === undefined) {
      const content = await this.readWhole(metadata, token, signal)
      return content.subarray(offset, offset + wanted)
    }
    const chunk = await this.#readRange(metadata, offset, wanted, token, signal, into)
    if (chunk.byteLength !== wanted) {
      throw shortRead(`${metadata.path} gave ${chunk.byteLength} bytes at ${offset}, expected ${wanted}`)
    }
    return chunk
  }

  /** Where the content is on this machine; undefined where the driver does not know of such a place. */
  async localPath(metadata: Metadata, token: string, signal?: AbortSignal): Promise<string | undefined> {
    const handler = this.#calls.get('localPath')
    if (handler === undefined) return undefined
    return this.#calls.run('localPath', metadata.path, (inner) => handler(metadata, { token, signal: inner }), {
      signal,
    })
  }

  get keepsHistory(): boolean {
    return this.#capabilities.history === true && this.#calls.get('getHistoryChunk') !== undefined
  }

  /** A driver that keeps none has none. */
  async listHistory(folder: string, hashes: readonly string[], signal?: AbortSignal): Promise<readonly HistoryEntry[]> {
    const handler = this.#calls.get('listHistory')
    if (handler === undefined || !this.keepsHistory) return []
    return this.#calls.run('listHistory', '', (inner) => handler(folder, hashes, { signal: inner }), { signal })
  }

  async readHistoryChunk(
    folder: string,
    hash: string,
    offset: number,
    size: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const handler = this.#calls.need('getHistoryChunk')
    const read = (inner: AbortSignal) => handler(folder, hash, offset, size, { signal: inner })
    return this.#calls.run('getHistoryChunk', '', read, { signal })
  }

  #readRange(
    metadata: Metadata,
    offset: number,
    size: number,
    token: string,
    signal?: AbortSignal,
    into?: Uint8Array,
  ): Promise<Uint8Array> {
    const handler = this.#calls.need('getChunk')
    const read = (inner: AbortSignal) =>
      handler(metadata, offset, size, { token, signal: inner, ...(into && { into: into.subarray(0, size) }) })
    return this.#calls.run('getChunk', metadata.path, read, { signal })
  }
}

/**
 * The token was the one wanted, so this is no change, of which the driver would tell: it is read again. (As a `ChangedError`
 * it would keep a report from ever being written.)
 */
function shortRead(message: string): ServiceError {
  return new ServiceError('SHORT_READ', message)
}
