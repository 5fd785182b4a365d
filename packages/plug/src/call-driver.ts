import type { OnituError } from '@onitu/protocol'
import type {
  Capabilities,
  Change,
  Handlers,
  HistoryEntry,
  KeptContent,
  Metadata,
  Stored,
  UploadState,
} from './contract.ts'
import { Deadlines } from './deadlines.ts'
import type { Clock } from './engine.ts'
import { ConflictError, DriverError, ServiceError } from './errors.ts'
import { changeOfStored } from './metadata.ts'
import { wrapDriverError } from './wrap-error.ts'

/** Deadlines in ms. Ending an upload may copy and sync the whole file; catching up may look at the whole service. */
const CALL_TIMEOUT = 60_000
const END_TIMEOUT = 600_000

/** The handlers of a driver, each under a deadline, with errors made ours and missing handlers made up for. */
export class DriverCalls {
  readonly capabilities: Capabilities
  #handlers: Partial<Handlers>
  #deadlines: Deadlines
  readonly #late: (changes: readonly Change[]) => void

  /** `late` is told what calls have done that were left behind by their deadlines: the driver takes it for known. */
  constructor(
    handlers: Partial<Handlers>,
    capabilities: Capabilities,
    clock: Clock,
    late: (changes: readonly Change[]) => void,
  ) {
    this.#handlers = handlers
    this.#late = late
    this.capabilities = capabilities
    this.#deadlines = new Deadlines(clock)
  }

  get canMove(): boolean {
    return this.capabilities.nativeMove && this.#handlers.moveFile !== undefined
  }

  get canMakeDirectories(): boolean {
    return this.capabilities.directories && this.#handlers.createDirectory !== undefined
  }

  get canSetAttributes(): boolean {
    return this.#handlers.setAttributes !== undefined
  }

  get canUploadByChunks(): boolean {
    return this.#handlers.startUpload !== undefined
  }

  get canResume(): boolean {
    return this.capabilities.resumableUpload && this.#handlers.restartUpload !== undefined
  }

  get parallelChunks(): number {
    return Math.max(1, this.capabilities.parallelChunks ?? 1)
  }

  /** The call that got this signal, or all of them, has its deadline begin anew. */
  atWork(signal: AbortSignal | undefined): void {
    this.#deadlines.begin(signal)
  }

  get keepsHistory(): boolean {
    return this.capabilities.history === true && this.#handlers.getHistoryChunk !== undefined
  }

  /** @throws DriverError when the service cannot hold the file under this name. */
  async checkName(metadata: Metadata): Promise<void> {
    const handler = this.#handlers.normalizePath
    if (handler === undefined) return
    const { folder, path } = metadata
    const normal = await this.#call('normalizePath', metadata, CALL_TIMEOUT, undefined, () => handler(folder, path))
    if (normal !== path) {
      throw new DriverError(
        'NAME_NOT_HELD',
        `The service would store ${JSON.stringify(path)} as ${JSON.stringify(normal)}`,
      )
    }
  }

  async readWhole(metadata: Metadata, token: string, signal?: AbortSignal): Promise<Uint8Array> {
    const handler = this.#handlers.getFile
    const content =
      handler === undefined
        ? await this.#readRange(metadata, 0, metadata.size, token, signal)
        : await this.#call('getFile', metadata, CALL_TIMEOUT, signal, (inner) =>
            handler(metadata, { token, signal: inner }),
          )
    if (content.byteLength !== metadata.size) {
      throw shortRead(`${metadata.path} has ${content.byteLength} bytes, expected ${metadata.size}`)
    }
    return content
  }

  /** @throws ChangedError when the file is in another state, as far as the driver can tell without reading it. */
  async prove(metadata: Metadata, token: string, signal?: AbortSignal): Promise<void> {
    if (this.#handlers.getChunk !== undefined) await this.#readRange(metadata, 0, 0, token, signal)
  }

  /** As `prove`, also where a driver can only read whole contents. */
  async proveByReading(metadata: Metadata, token: string, signal?: AbortSignal): Promise<void> {
    if (this.#handlers.getChunk === undefined) await this.readWhole(metadata, token, signal)
    else await this.prove(metadata, token, signal)
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
    if (this.#handlers.getChunk === undefined) {
      const content = await this.readWhole(metadata, token, signal)
      return content.subarray(offset, offset + wanted)
    }
    const chunk = await this.#readRange(metadata, offset, wanted, token, signal, into)
    if (chunk.byteLength !== wanted) {
      throw shortRead(`${metadata.path} gave ${chunk.byteLength} bytes at ${offset}, expected ${wanted}`)
    }
    return chunk
  }

  /** `replaced`: what is known of the content under `token`. */
  async writeWhole(
    metadata: Metadata,
    content: Uint8Array,
    token: string | null,
    replaced?: KeptContent,
    signal?: AbortSignal,
  ): Promise<Stored> {
    const handler = this.#handlers.uploadFile
    if (handler === undefined) return this.#writeByChunks(metadata, content, token, replaced, signal)
    await this.#recheck(metadata, token, signal)
    return this.#store('uploadFile', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, content, { token, signal: inner, ...(replaced && { replaced }) }),
    )
  }

  /** Where the content is on this machine; undefined where the driver does not know of such a place. */
  async localPath(metadata: Metadata, token: string, signal?: AbortSignal): Promise<string | undefined> {
    const handler = this.#handlers.localPath
    if (handler === undefined) return undefined
    return this.#call('localPath', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, { token, signal: inner }),
    )
  }

  async startUpload(metadata: Metadata, token: string | null, signal?: AbortSignal): Promise<UploadState> {
    const handler = this.#need('startUpload')
    return this.#call('startUpload', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, { token, signal: inner }),
    )
  }

  async restartUpload(metadata: Metadata, offset: number, state: UploadState, signal?: AbortSignal): Promise<number> {
    const handler = this.#need('restartUpload')
    const from = await this.#call('restartUpload', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, offset, { state, signal: inner }),
    )
    return Math.max(0, Math.min(offset, from))
  }

  async uploadChunk(
    metadata: Metadata,
    offset: number,
    chunk: Uint8Array,
    state: UploadState,
    signal?: AbortSignal,
  ): Promise<void> {
    const handler = this.#need('uploadChunk')
    await this.#call('uploadChunk', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, offset, chunk, { state, signal: inner }),
    )
  }

  get canCopy(): boolean {
    return this.#handlers.copyChunk !== undefined
  }

  /** Digests of what was written of a file of this machine. */
  async copyChunk(
    metadata: Metadata,
    offset: number,
    size: number,
    state: UploadState,
    from: string,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const handler = this.#need('copyChunk')
    return this.#call('copyChunk', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, offset, size, { state, from, signal: inner }),
    )
  }

  get canAdopt(): boolean {
    return this.#handlers.adoptFile !== undefined
  }

  /** The file `from` of this machine, in the staging directory of the driver, becomes all that was uploaded. */
  async adoptFile(metadata: Metadata, state: UploadState, from: string, signal?: AbortSignal): Promise<void> {
    const handler = this.#need('adoptFile')
    await this.#call('adoptFile', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, { state, from, signal: inner }),
    )
  }

  /** Undefined where the driver has none. */
  async stagingDirectory(folder: string, signal?: AbortSignal): Promise<string | undefined> {
    const handler = this.#handlers.stagingDirectory
    if (handler === undefined) return undefined
    return this.#call('stagingDirectory', undefined, CALL_TIMEOUT, signal, (inner) =>
      handler(folder, { signal: inner }),
    )
  }

  async endUpload(
    metadata: Metadata,
    token: string | null,
    state: UploadState,
    replaced?: KeptContent,
    signal?: AbortSignal,
  ): Promise<Stored> {
    const handler = this.#need('endUpload')
    await this.#recheck(metadata, token, signal)
    return this.#store('endUpload', metadata, END_TIMEOUT, signal, (inner) =>
      handler(metadata, { token, state, signal: inner, ...(replaced && { replaced }) }),
    )
  }

  async abortUpload(metadata: Metadata, state: UploadState): Promise<void> {
    const handler = this.#handlers.abortUpload
    if (handler === undefined) return
    await this.#call('abortUpload', metadata, CALL_TIMEOUT, undefined, (signal) => handler(metadata, { state, signal }))
  }

  async delete(metadata: Metadata, token: string, signal?: AbortSignal): Promise<void> {
    const handler = this.#need('deleteFile')
    if (metadata.kind === 'file') await this.#recheck(metadata, token, signal)
    const late = () => this.#late([deletionOf(metadata)])
    const remove = (inner: AbortSignal) => handler(metadata, { token, signal: inner })
    await this.#call('deleteFile', metadata, CALL_TIMEOUT, signal, remove, late)
  }

  async move(from: Metadata, to: Metadata, token: string, signal?: AbortSignal): Promise<Stored> {
    const handler = this.#need('moveFile')
    await this.#recheck(from, token, signal)
    const late = (stored: Stored) => this.#late([changeOfStored(to, stored), deletionOf(from)])
    const rename = (inner: AbortSignal) => handler(from, to, { token, signal: inner })
    return this.#call('moveFile', to, CALL_TIMEOUT, signal, rename, late)
  }

  async setAttributes(metadata: Metadata, token: string, signal?: AbortSignal): Promise<Stored> {
    const handler = this.#need('setAttributes')
    return this.#store('setAttributes', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, { token, signal: inner }),
    )
  }

  async createDirectory(metadata: Metadata, signal?: AbortSignal): Promise<Stored> {
    const handler = this.#need('createDirectory')
    return this.#store('createDirectory', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, { signal: inner }),
    )
  }

  async setChunkSize(size: number): Promise<number> {
    const handler = this.#handlers.setChunkSize
    if (handler === undefined) return size
    const wanted = await this.#call('setChunkSize', undefined, CALL_TIMEOUT, undefined, () => handler(size))
    return Number.isSafeInteger(wanted) && wanted >= 1 ? wanted : size
  }

  /** A driver that keeps none has none. */
  async listHistory(folder: string, hashes: readonly string[], signal?: AbortSignal): Promise<readonly HistoryEntry[]> {
    const handler = this.#handlers.listHistory
    if (handler === undefined || !this.keepsHistory) return []
    return this.#call('listHistory', undefined, CALL_TIMEOUT, signal, (inner) =>
      handler(folder, hashes, { signal: inner }),
    )
  }

  async readHistoryChunk(folder: string, hash: string, offset: number, size: number, signal?: AbortSignal) {
    const handler = this.#need('getHistoryChunk')
    return this.#call('getHistoryChunk', undefined, CALL_TIMEOUT, signal, (inner) =>
      handler(folder, hash, offset, size, { signal: inner }),
    )
  }

  async catchUp(signal?: AbortSignal): Promise<void> {
    const handler = this.#handlers.catchUp
    if (handler === undefined) return
    await this.#call('catchUp', undefined, END_TIMEOUT, signal, (inner) => handler({ signal: inner }))
  }

  async close(): Promise<void> {
    const handler = this.#handlers.close
    try {
      if (handler !== undefined) await this.#call('close', undefined, CALL_TIMEOUT, undefined, () => handler())
    } finally {
      this.#deadlines.close()
    }
  }

  async #writeByChunks(
    metadata: Metadata,
    content: Uint8Array,
    token: string | null,
    replaced?: KeptContent,
    signal?: AbortSignal,
  ): Promise<Stored> {
    const state = await this.startUpload(metadata, token, signal)
    try {
      if (content.byteLength > 0) await this.uploadChunk(metadata, 0, content, state, signal)
      return await this.endUpload(metadata, token, state, replaced, signal)
    } catch (error) {
      await this.abortUpload(metadata, state)
      throw error
    }
  }

  #readRange(
    metadata: Metadata,
    offset: number,
    size: number,
    token: string,
    signal?: AbortSignal,
    into?: Uint8Array,
  ): Promise<Uint8Array> {
    const handler = this.#need('getChunk')
    return this.#call('getChunk', metadata, CALL_TIMEOUT, signal, (inner) =>
      handler(metadata, offset, size, { token, signal: inner, ...(into && { into: into.subarray(0, size) }) }),
    )
  }

  /** A service without conditional writes is asked once more just before: an empty read fails if the token is stale. */
  async #recheck(metadata: Metadata, token: string | null, signal?: AbortSignal): Promise<void> {
    if (this.capabilities.conditionalWrite || token === null) return
    try {
      await this.prove(metadata, token, signal)
    } catch (error) {
      if ((error as OnituError).code !== 'CHANGED') throw error
      throw new ConflictError(`${metadata.path} has changed in the service`, { cause: error })
    }
  }

  #need<N extends keyof Handlers>(name: N): Handlers[N] {
    const handler = this.#handlers[name]
    if (handler === undefined) throw new DriverError('NOT_SUPPORTED', `The driver has no handler ${name}`)
    return handler as Handlers[N]
  }

  #store(
    name: keyof Handlers,
    metadata: Metadata,
    timeout: number,
    outer: AbortSignal | undefined,
    call: (signal: AbortSignal) => Promise<Stored>,
  ): Promise<Stored> {
    const late = (stored: Stored) => this.#late([changeOfStored(metadata, stored)])
    return this.#call(name, metadata, timeout, outer, call, late)
  }

  async #call<T>(
    name: keyof Handlers,
    metadata: Metadata | undefined,
    timeout: number,
    outer: AbortSignal | undefined,
    call: (signal: AbortSignal) => Promise<T>,
    late?: (result: T) => void,
  ): Promise<T> {
    const path = metadata?.path ?? ''
    const what = `${name} of ${JSON.stringify(path)}`
    try {
      return await this.#deadlines.run(what, timeout, outer, async (signal) => call(signal), late)
    } catch (error) {
      throw wrapDriverError(error, name, path)
    }
  }
}

function deletionOf({ folder, path }: Metadata): Change {
  return { type: 'deleted', folder, path }
}

/**
 * The token was the one wanted, so this is no change, of which the driver would tell: it is read again. (As a `ChangedError`
 * it would keep a report from ever being written.)
 */
function shortRead(message: string): ServiceError {
  return new ServiceError('SHORT_READ', message)
}
