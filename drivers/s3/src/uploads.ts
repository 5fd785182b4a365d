import {
  DriverError,
  HASH_BLOCK_SIZE,
  type Metadata,
  ServiceError,
  type Stored,
  type UploadState,
  type WriteContext,
} from '@onitu/plug'
import type { Part } from './client/bucket.ts'
import { type Conditions, requireReplaceable } from './conditions.ts'
import type { Folder } from './folder.ts'
import { guarded } from './guarded.ts'
import { putWhole } from './put-whole.ts'
import { tokenOf } from './token.ts'
import { etagOfParts } from './unsettled.ts'

/** What has to be remembered of an upload to find it again. */
interface State {
  readonly id: string
  readonly partSize: number
}

/**
 * Bytes, but for the last one; as the command line of AWS takes. S3 allows 5 MiB, but each part costs the service some work of its own, when it comes and
 * whenever it is read.
 */
export const LEAST_PART = 8 * 1024 * 1024
const MAX_PARTS = 10_000

/** Uploads by parts, one for each chunk. The service keeps what was sent, so they go on after a crash where they were. */
export class Uploads {
  readonly #conditions: Conditions
  readonly #headers: (metadata: Metadata) => Record<string, string>
  readonly #partSize: () => number
  /** The parts that this process has sent or looked up, by upload. */
  readonly #parts = new Map<string, Map<number, Part>>()

  constructor(conditions: Conditions, headers: (metadata: Metadata) => Record<string, string>, partSize: () => number) {
    this.#conditions = conditions
    this.#headers = headers
    this.#partSize = partSize
  }

  start(folder: Folder, metadata: Metadata, { token, signal }: WriteContext): Promise<UploadState> {
    return guarded(`Writing "${metadata.path}"`, async () => {
      signal.throwIfAborted()
      folder.requireAvailable()
      const partSize = this.#partSize()
      if (metadata.size > partSize * MAX_PARTS) {
        const needed = Math.ceil(metadata.size / MAX_PARTS / HASH_BLOCK_SIZE)
        throw new DriverError(
          'TOO_LARGE',
          `"${metadata.path}" would have more than ${MAX_PARTS} parts: set chunk_size to ${needed}Mi`,
        )
      }
      await folder.doubting(metadata.path, () => requireReplaceable(folder, metadata, token, signal))
      const id = await folder.bucket.createUpload(folder.key(metadata.path), this.#headers(metadata), signal)
      this.#parts.set(id, new Map())
      return { id, partSize } satisfies State
    })
  }

  restart(folder: Folder, { path }: Metadata, offset: number, state: UploadState): Promise<number> {
    return guarded(`Writing "${path}"`, async () => {
      const { id, partSize } = stateOf(state)
      if (partSize !== this.#partSize()) throw gone(path, 'its parts have another size than chunk_size')
      const parts = await this.#lookUp(folder, path, id)
      let kept = 0
      while (parts.get(kept + 1)?.size === partSize && (kept + 1) * partSize <= offset) kept++
      return kept * partSize
    })
  }

  chunk(
    folder: Folder,
    { path, size }: Metadata,
    offset: number,
    chunk: Uint8Array,
    state: UploadState,
    signal: AbortSignal,
  ): Promise<void> {
    return guarded(`Writing "${path}"`, async () => {
      const { id, partSize } = stateOf(state)
      const isLast = offset + chunk.byteLength === size
      if (offset % partSize !== 0 || (chunk.byteLength !== partSize && !isLast)) {
        throw gone(path, `a chunk of ${chunk.byteLength} bytes at ${offset} is no part of ${partSize} bytes`)
      }
      const number = offset / partSize + 1
      const etag = await folder.bucket.putPart(folder.key(path), id, number, chunk, signal)
      this.#parts.get(id)?.set(number, { number, etag, size: chunk.byteLength })
    })
  }

  end(folder: Folder, metadata: Metadata, state: UploadState, context: WriteContext): Promise<Stored> {
    return guarded(`Writing "${metadata.path}"`, async () => {
      const { token, signal } = context
      signal.throwIfAborted()
      const { path, size } = metadata
      const { id, partSize } = stateOf(state)
      if (size === 0) return this.#endEmpty(folder, metadata, id, context)
      const parts = await this.#complete(folder, path, id, Math.ceil(size / partSize))
      const sent = parts.reduce((sum, part) => sum + part.size, 0)
      if (sent !== size) throw new ServiceError('INCOMPLETE', `"${path}" has ${sent} of ${size} bytes`)
      const { bucket, unsettled } = folder
      const key = folder.key(path)
      const replaced = await requireReplaceable(folder, metadata, token, signal)
      const etag = await unsettled.writing(
        metadata,
        () => etagOfParts(parts),
        () =>
          this.#conditions.write(replaced, (headers) =>
            bucket.completeUpload(key, id, parts, headers, { signal, isNext: true }),
          ),
      )
      this.#parts.delete(id)
      return { token: tokenOf({ etag, size }) }
    })
  }

  abort(folder: Folder, { path }: Metadata, state: UploadState): Promise<void> {
    return guarded(`Giving up "${path}"`, async () => {
      const { id } = stateOf(state)
      this.#parts.delete(id)
      await folder.bucket.abortUpload(folder.key(path), id)
    })
  }

  /** An upload needs at least one part, and none may be empty everywhere. */
  async #endEmpty(folder: Folder, metadata: Metadata, id: string, context: WriteContext): Promise<Stored> {
    const tools = { conditions: this.#conditions, headers: this.#headers }
    const stored = await putWhole(folder, metadata, new Uint8Array(), context, tools)
    await folder.bucket.abortUpload(folder.key(metadata.path), id)
    return stored
  }

  /** All parts in order; asked for where this process has not sent them all. */
  async #complete(folder: Folder, path: string, id: string, count: number): Promise<Part[]> {
    const known = this.#parts.get(id)
    const parts = known?.size === count ? known : await this.#lookUp(folder, path, id)
    return [...parts.values()].sort((a, b) => a.number - b.number).slice(0, count)
  }

  async #lookUp(folder: Folder, path: string, id: string): Promise<Map<number, Part>> {
    const parts = await folder.bucket.listParts(folder.key(path), id)
    if (parts === undefined) throw gone(path, 'the service knows nothing of it')
    const byNumber = new Map(parts.map((part) => [part.number, part]))
    this.#parts.set(id, byNumber)
    return byNumber
  }
}

function gone(path: string, why: string): ServiceError {
  return new ServiceError('UPLOAD_GONE', `The upload of "${path}" cannot be gone on with, ${why}; start it again`)
}

function stateOf(state: unknown): State {
  if (typeof state === 'object' && state !== null && 'id' in state && 'partSize' in state) {
    const { id, partSize } = state
    if (typeof id === 'string' && typeof partSize === 'number' && partSize > 0) return { id, partSize }
  }
  throw new ServiceError('UPLOAD_GONE', `Expected the state of an upload, got ${JSON.stringify(state)}`)
}
