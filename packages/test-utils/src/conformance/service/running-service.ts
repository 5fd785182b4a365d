import { type Capabilities, ConflictError, type KnownFile, type Metadata, type Stored } from '@onitu/plug'
import { contentHash, fileId } from '@onitu/protocol'
import { errorCode } from '../error-code.ts'
import { type ConformancePlug, FOLDER } from './conformance-plug.ts'

export interface WriteOptions {
  /** The state that may be replaced. Default: the one that is known, null where none is. */
  readonly token?: string | null
  readonly mtime?: number
  readonly mode?: number
  readonly signal?: AbortSignal
  /** By chunks, whatever the size. */
  readonly chunked?: boolean
}

const PROPOSED_CHUNK = 64 * 1024
/** A whole number of seconds: what every service can keep that keeps times at all. */
const TIME = 1_600_000_000_000

/** A driver that runs, and the calls of the Plug on it, each followed by what the Plug writes down. */
export class RunningService {
  readonly plug: ConformancePlug
  readonly capabilities: Capabilities
  /** Bytes in a chunk, as the driver wants it. */
  chunkSize = PROPOSED_CHUNK
  #close: () => Promise<void>
  #closing: Promise<void> | undefined
  #version = 1

  constructor(plug: ConformancePlug, capabilities: Capabilities, close: () => Promise<void>) {
    this.plug = plug
    this.capabilities = capabilities
    this.#close = close
  }

  async prepare(): Promise<this> {
    this.chunkSize = (await this.plug.handlers.setChunkSize?.(PROPOSED_CHUNK)) ?? PROPOSED_CHUNK
    return this
  }

  /** As the Plug does it: whole up to one chunk, by chunks above. */
  write(path: string, content: Uint8Array, options: WriteOptions = {}): Promise<Stored> {
    return this.plug.locks.hold([path], async () => {
      const { token = this.plug.known.get(path)?.token ?? null } = options
      const metadata = this.metadata(path, content, options)
      const signal = options.signal ?? new AbortController().signal
      await this.#check(metadata, token)
      const whole = this.plug.handlers.uploadFile !== undefined && content.byteLength <= this.chunkSize
      const stored =
        whole && options.chunked !== true
          ? await this.plug.use('uploadFile')(metadata, content, { token, signal })
          : await this.#byChunks(metadata, content, token, signal)
      this.plug.stored(metadata, stored)
      return stored
    })
  }

  metadata(path: string, content: Uint8Array, { mtime = TIME, mode = 0o640 }: WriteOptions = {}): Metadata {
    const plain = { fid: fileId(FOLDER, path), folder: FOLDER, path, kind: 'file', mimetype: '' } as const
    const { mtime: keepsTimes, mode: keepsModes } = this.capabilities
    const attributes = { mtime: keepsTimes ? mtime : null, mode: keepsModes ? mode : null }
    return {
      ...plain,
      ...attributes,
      size: content.byteLength,
      hash: contentHash(content),
      version: ++this.#version,
    }
  }

  known(path: string): KnownFile {
    const file = this.plug.known.get(path)
    if (file === undefined) throw new Error(`${JSON.stringify(path)} was never told of. ${this.describe()}`)
    return file
  }

  /** The whole content, in the state that is known. */
  async read(path: string): Promise<Uint8Array> {
    const file = this.known(path)
    const { signal } = new AbortController()
    const { getFile } = this.plug.handlers
    if (getFile !== undefined) return getFile(file, { token: file.token, signal })
    return this.plug.use('getChunk')(file, 0, file.size, { token: file.token, signal })
  }

  range(path: string, offset: number, size: number, token = this.known(path).token): Promise<Uint8Array> {
    return this.plug.use('getChunk')(this.known(path), offset, size, { token, signal: new AbortController().signal })
  }

  /** The same with a buffer that the driver may use for it. */
  rangeInto(path: string, offset: number, size: number): Promise<Uint8Array> {
    const file = this.known(path)
    const context = { token: file.token, signal: new AbortController().signal, into: Buffer.alloc(size, 0xa5) }
    return this.plug.use('getChunk')(file, offset, size, context)
  }

  /** `file`: as it was known when the deletion was decided. */
  remove(path: string, token?: string, file: KnownFile = this.known(path)): Promise<void> {
    return this.plug.locks.hold([path], async () => {
      const given = token ?? file.token
      if (file.kind === 'file') await this.#check(file, given)
      await this.plug.use('deleteFile')(file, { token: given, signal: new AbortController().signal })
      this.plug.known.delete(path)
    })
  }

  move(path: string, to: string, token = this.known(path).token): Promise<Stored> {
    return this.plug.locks.hold([path, to], async () => {
      const from = this.known(path)
      const target: Metadata = { ...from, path: to, fid: fileId(FOLDER, to), version: ++this.#version }
      const stored = await this.plug.use('moveFile')(from, target, { token, signal: new AbortController().signal })
      this.plug.known.delete(path)
      this.plug.stored(target, stored)
      return stored
    })
  }

  /** `file`: as it was known when the change was decided. */
  setAttributes(
    path: string,
    { mtime, mode }: { readonly mtime: number | null; readonly mode: number | null },
    file: KnownFile = this.known(path),
  ): Promise<Stored> {
    return this.plug.locks.hold([path], async () => {
      const wanted = { ...file, mtime, mode, version: ++this.#version }
      const { signal } = new AbortController()
      const stored = await this.plug.use('setAttributes')(wanted, { token: file.token, signal })
      this.plug.stored(wanted, stored)
      return stored
    })
  }

  makeDirectory(path: string): Promise<Stored> {
    return this.plug.locks.hold([path], async () => {
      const metadata: Metadata = {
        ...this.metadata(path, new Uint8Array()),
        kind: 'directory',
        mtime: null,
        mode: null,
      }
      const { signal } = new AbortController()
      const stored = await this.plug.use('createDirectory')(metadata, { signal })
      this.plug.stored(metadata, stored)
      return stored
    })
  }

  /** Everything that had changed before the call has been reported and taken. */
  async catchUp(): Promise<void> {
    await this.plug.handlers.catchUp?.({ signal: new AbortController().signal })
    await this.plug.locks.idle()
  }

  /** Gently. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  /** As after a kill: nobody listens to it any more, and nothing is told to it. What it holds is freed at the end of the test. */
  crash(): void {
    this.plug.end()
  }

  describe(): string {
    const known = [...this.plug.known.keys()].map((path) => JSON.stringify(path)).join(', ')
    return `Known: ${known || 'nothing'}. Unavailable: ${this.plug.unavailable ?? 'no'}. Said last: ${this.plug.said.slice(-5).join(' | ')}`
  }

  async #end(): Promise<void> {
    this.plug.end()
    await this.plug.handlers.close?.()
    await this.#close()
  }

  async #byChunks(metadata: Metadata, content: Uint8Array, token: string | null, signal: AbortSignal): Promise<Stored> {
    const state = await this.plug.use('startUpload')(metadata, { token, signal })
    try {
      for (let at = 0; at < content.byteLength; at += this.chunkSize) {
        const chunk = content.subarray(at, at + this.chunkSize)
        await this.plug.use('uploadChunk')(metadata, at, chunk, { state, signal })
      }
      await this.#check(metadata, token)
      return await this.plug.use('endUpload')(metadata, { state, token, signal })
    } catch (error) {
      await this.plug.handlers.abortUpload?.(metadata, { state, signal: new AbortController().signal })
      throw error
    }
  }

  /** What the Plug does just before a write for services that cannot refuse one themselves. */
  async #check(metadata: Metadata, token: string | null): Promise<void> {
    const { getChunk } = this.plug.handlers
    if (this.capabilities.conditionalWrite || token === null || getChunk === undefined) return
    try {
      await getChunk(metadata, 0, 0, { token, signal: new AbortController().signal })
    } catch (error) {
      if (errorCode(error) !== 'CHANGED') throw error
      throw new ConflictError(`${metadata.path} has changed`, { cause: error })
    }
  }
}
