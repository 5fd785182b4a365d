import type { Capabilities, KeptContent, Metadata, Stored, UploadState } from '../contract.ts'
import type { DriverReads } from './driver-reads.ts'
import type { HandlerCalls } from './handler-calls.ts'

/** ms. Ending an upload may copy and sync the whole file. */
const END_TIMEOUT = 600_000

/** What is written to a service, by whichever handlers its driver has. */
export class DriverUploads {
  readonly #calls: HandlerCalls
  readonly #reads: DriverReads
  readonly #capabilities: Capabilities

  constructor(calls: HandlerCalls, reads: DriverReads, capabilities: Capabilities) {
    this.#calls = calls
    this.#reads = reads
    this.#capabilities = capabilities
  }

  get canWriteByChunks(): boolean {
    return this.#calls.get('startUpload') !== undefined
  }

  get canResume(): boolean {
    return this.#capabilities.resumableUpload && this.#calls.get('restartUpload') !== undefined
  }

  get parallelChunks(): number {
    return Math.max(1, this.#capabilities.parallelChunks ?? 1)
  }

  /** Whether it is of use to upload a file of this machine before its hash is known: where it can be copied that takes no time. */
  get canBeginEarly(): boolean {
    return this.#capabilities.hashAtEnd === true && this.canWriteByChunks && !this.canCopy
  }

  get canCopy(): boolean {
    return this.#calls.get('copyChunk') !== undefined
  }

  get canAdopt(): boolean {
    return this.#calls.get('adoptFile') !== undefined
  }

  /** `replaced`: what is known of the content under `token`. */
  async writeWhole(
    metadata: Metadata,
    content: Uint8Array,
    token: string | null,
    replaced?: KeptContent,
    signal?: AbortSignal,
  ): Promise<Stored> {
    const handler = this.#calls.get('uploadFile')
    if (handler === undefined) return this.#writeByChunks(metadata, content, token, replaced, signal)
    await this.#reads.recheck(metadata, token, signal)
    const write = (inner: AbortSignal) =>
      handler(metadata, content, { token, signal: inner, ...(replaced && { replaced }) })
    return this.#calls.store('uploadFile', metadata, write, { signal })
  }

  async start(metadata: Metadata, token: string | null, signal?: AbortSignal): Promise<UploadState> {
    const handler = this.#calls.need('startUpload')
    return this.#calls.run('startUpload', metadata.path, (inner) => handler(metadata, { token, signal: inner }), {
      signal,
    })
  }

  /** The offset from which it goes on. */
  async restart(metadata: Metadata, offset: number, state: UploadState, signal?: AbortSignal): Promise<number> {
    const handler = this.#calls.need('restartUpload')
    const restart = (inner: AbortSignal) => handler(metadata, offset, { state, signal: inner })
    const from = await this.#calls.run('restartUpload', metadata.path, restart, { signal })
    return Math.max(0, Math.min(offset, from))
  }

  async writeChunk(
    metadata: Metadata,
    offset: number,
    chunk: Uint8Array,
    state: UploadState,
    signal?: AbortSignal,
  ): Promise<void> {
    const handler = this.#calls.need('uploadChunk')
    const write = (inner: AbortSignal) => handler(metadata, offset, chunk, { state, signal: inner })
    await this.#calls.run('uploadChunk', metadata.path, write, { signal })
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
    const handler = this.#calls.need('copyChunk')
    const copy = (inner: AbortSignal) => handler(metadata, offset, size, { state, from, signal: inner })
    return this.#calls.run('copyChunk', metadata.path, copy, { signal })
  }

  /** The file `from` of this machine, in the staging directory of the driver, becomes all that was uploaded. */
  async adopt(metadata: Metadata, state: UploadState, from: string, signal?: AbortSignal): Promise<void> {
    const handler = this.#calls.need('adoptFile')
    const adopt = (inner: AbortSignal) => handler(metadata, { state, from, signal: inner })
    await this.#calls.run('adoptFile', metadata.path, adopt, { signal })
  }

  /** Undefined where the driver has none. */
  async stagingDirectory(folder: string, signal?: AbortSignal): Promise<string | undefined> {
    const handler = this.#calls.get('stagingDirectory')
    if (handler === undefined) return undefined
    return this.#calls.run('stagingDirectory', '', (inner) => handler(folder, { signal: inner }), { signal })
  }

  async end(
    metadata: Metadata,
    token: string | null,
    state: UploadState,
    replaced?: KeptContent,
    signal?: AbortSignal,
  ): Promise<Stored> {
    const handler = this.#calls.need('endUpload')
    await this.#reads.recheck(metadata, token, signal)
    const end = (inner: AbortSignal) =>
      handler(metadata, { token, state, signal: inner, ...(replaced && { replaced }) })
    return this.#calls.store('endUpload', metadata, end, { timeout: END_TIMEOUT, signal })
  }

  async abort(metadata: Metadata, state: UploadState): Promise<void> {
    const handler = this.#calls.get('abortUpload')
    if (handler === undefined) return
    await this.#calls.run('abortUpload', metadata.path, (signal) => handler(metadata, { state, signal }))
  }

  async #writeByChunks(
    metadata: Metadata,
    content: Uint8Array,
    token: string | null,
    replaced?: KeptContent,
    signal?: AbortSignal,
  ): Promise<Stored> {
    const state = await this.start(metadata, token, signal)
    try {
      if (content.byteLength > 0) await this.writeChunk(metadata, 0, content, state, signal)
      return await this.end(metadata, token, state, replaced, signal)
    } catch (error) {
      await this.abort(metadata, state)
      throw error
    }
  }
}
