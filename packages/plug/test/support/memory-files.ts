import { contentHash } from '@onitu/protocol'
import type { Capabilities, Metadata, Seen, Stored } from '../../src/contract.ts'
import { ChangedError, ConflictError, DriverError } from '../../src/errors.ts'
import type { Plug } from '../../src/plug.ts'

interface Entry {
  readonly kind: 'file' | 'directory'
  readonly content: Uint8Array
  readonly mtime: number | null
  readonly mode: number | null
  readonly token: string
}

interface Upload {
  readonly chunks: Map<number, Uint8Array>
}

export const capabilities: Capabilities = {
  atomicReplace: true,
  conditionalWrite: true,
  rangedRead: true,
  resumableUpload: true,
  nativeMove: true,
  directories: true,
  mtime: true,
  mode: true,
  caseSensitive: true,
  tokenGranularity: 0,
}

/** A service in memory. An empty read is called `prove`. `before` lets a test wait or fail inside a handler, `written` act when a small file has been put there and that is not said yet. It outlives the Plug, as a real service does. */
export class MemoryFiles {
  readonly entries = new Map<string, Entry>()
  readonly uploads = new Map<string, Upload>()
  readonly calls: string[] = []
  before: (handler: string, path: string, offset: number) => Promise<void> = async () => undefined
  written: (path: string) => void = () => undefined
  /** The same for a file that has been renamed. */
  moved: (path: string) => void = () => undefined
  /** The same for a directory. */
  made: (path: string) => void = () => undefined
  #count = 0

  put(path: string, content: string | Uint8Array, attributes: { mtime?: number; mode?: number } = {}): Seen {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    this.entries.set(path, {
      kind: 'file',
      content: bytes,
      mtime: attributes.mtime ?? 1000,
      mode: attributes.mode ?? 0o644,
      token: this.#token(),
    })
    return this.seen(path)
  }

  mkdir(path: string): Seen {
    this.entries.set(path, { kind: 'directory', content: Buffer.alloc(0), mtime: 1, mode: 0o755, token: this.#token() })
    return this.seen(path)
  }

  seen(path: string): Seen {
    const { kind, content, mtime, mode, token } = this.get(path)
    return { folder: 'docs', path, kind, size: content.byteLength, mtime, mode, token }
  }

  get(path: string): Entry {
    const entry = this.entries.get(path)
    if (entry === undefined) throw new Error(`The test expected ${path} in the service`)
    return entry
  }

  text(path: string): string | undefined {
    const entry = this.entries.get(path)
    return entry === undefined ? undefined : Buffer.from(entry.content).toString()
  }

  hash(path: string): string {
    return contentHash(this.get(path).content)
  }

  register(plug: Plug): void {
    plug.handler('getFile', async ({ path }, { token }) => this.#read('getFile', path, 0, token))
    plug.handler('getChunk', async ({ path }, offset, size, { token }) =>
      (await this.#read(size === 0 ? 'prove' : 'getChunk', path, offset, token)).subarray(offset, offset + size),
    )
    plug.handler('uploadFile', async (metadata, content, { token }) => {
      await this.#enter('uploadFile', metadata.path)
      const stored = this.#write(metadata, Buffer.from(content), token)
      this.written(metadata.path)
      return stored
    })
    plug.handler('startUpload', async ({ fid, version, path }) => {
      await this.#enter('startUpload', path)
      const state = `${fid}-${version}`
      this.uploads.set(state, { chunks: new Map() })
      return state
    })
    plug.handler('restartUpload', async ({ path }, offset, { state }) => {
      await this.#enter('restartUpload', path, offset)
      if (!this.uploads.has(String(state))) throw new DriverError('GONE', 'no such upload')
      return offset
    })
    plug.handler('uploadChunk', async ({ path }, offset, chunk, { state }) => {
      await this.#enter('uploadChunk', path, offset)
      this.uploads.get(String(state))?.chunks.set(offset, Buffer.from(chunk))
    })
    plug.handler('endUpload', async (metadata, { state, token }) => {
      await this.#enter('endUpload', metadata.path)
      const chunks = [...(this.uploads.get(String(state))?.chunks ?? [])].sort(([a], [b]) => a - b)
      const content = Buffer.alloc(metadata.size)
      for (const [offset, chunk] of chunks) content.set(chunk, offset)
      this.uploads.delete(String(state))
      return this.#write(metadata, content, token)
    })
    plug.handler('abortUpload', async ({ path }, { state }) => {
      await this.#enter('abortUpload', path)
      this.uploads.delete(String(state))
    })
    plug.handler('deleteFile', async ({ path, kind }, { token }) => {
      await this.#enter('deleteFile', path)
      const entry = this.entries.get(path)
      if (entry === undefined) return
      if (kind === 'directory' && [...this.entries.keys()].some((other) => other.startsWith(`${path}/`))) {
        throw new DriverError('NOT_EMPTY', `${path} is not empty`)
      }
      this.#check(path, token)
      this.entries.delete(path)
    })
    plug.handler('moveFile', async (from, to, { token }) => {
      await this.#enter('moveFile', to.path)
      this.#check(from.path, token)
      if (this.entries.has(to.path)) throw new ConflictError(`${to.path} is taken`)
      const entry = { ...this.get(from.path), token: this.#token() }
      this.entries.delete(from.path)
      this.entries.set(to.path, entry)
      this.moved(to.path)
      return { token: entry.token, mtime: entry.mtime, mode: entry.mode }
    })
    plug.handler('setAttributes', async (metadata, { token }) => {
      await this.#enter('setAttributes', metadata.path)
      if (metadata.kind === 'directory') {
        this.#check(metadata.path, token)
        return { token }
      }
      return this.#write(metadata, this.get(metadata.path).content, token)
    })
    plug.handler('createDirectory', async ({ path }) => {
      await this.#enter('createDirectory', path)
      if (!this.entries.has(path)) this.mkdir(path)
      const { token } = this.get(path)
      this.made(path)
      return { token }
    })
  }

  #token(): string {
    this.#count += 1
    return `t${this.#count}`
  }

  async #enter(handler: string, path: string, offset = 0): Promise<void> {
    this.calls.push(`${handler} ${path}`)
    await this.before(handler, path, offset)
  }

  async #read(handler: string, path: string, offset: number, token: string): Promise<Uint8Array> {
    await this.#enter(handler, path, offset)
    const entry = this.entries.get(path)
    if (entry?.token !== token) throw new ChangedError(`${path} has changed`)
    return entry.content
  }

  #check(path: string, token: string | null): void {
    const found = this.entries.get(path)?.token ?? null
    if (found !== token) throw new ConflictError(`${path} has ${found}, expected ${token}`)
  }

  #write({ path, mtime, mode }: Metadata, content: Uint8Array, token: string | null): Stored {
    this.#check(path, token)
    const written = this.#token()
    this.entries.set(path, { kind: 'file', content, mtime, mode, token: written })
    return { token: written }
  }
}
