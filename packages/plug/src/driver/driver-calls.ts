import { isOnituError } from '@onitu/protocol'
import type { Capabilities, Change, Handlers, Metadata, Stored } from '../contract.ts'
import type { Clock } from '../engine.ts'
import { DriverError } from '../errors.ts'
import { changeOfStored } from '../metadata.ts'
import { DriverReads } from './driver-reads.ts'
import { DriverUploads } from './driver-uploads.ts'
import { HandlerCalls } from './handler-calls.ts'

/** ms. Catching up may look at the whole service. */
const CATCH_UP_TIMEOUT = 600_000

/** What the Plug has its driver do: its handlers, each under a deadline, with errors made ours and missing handlers made up for. */
export class DriverCalls {
  readonly capabilities: Capabilities
  readonly reads: DriverReads
  readonly uploads: DriverUploads
  readonly #calls: HandlerCalls

  /** `late` is told what calls have done that were left behind by their deadlines: the driver takes it for known. */
  constructor(
    handlers: Partial<Handlers>,
    capabilities: Capabilities,
    clock: Clock,
    late: (changes: readonly Change[]) => void,
  ) {
    this.capabilities = capabilities
    this.#calls = new HandlerCalls(handlers, clock, late)
    this.reads = new DriverReads(this.#calls, capabilities)
    this.uploads = new DriverUploads(this.#calls, this.reads, capabilities)
  }

  get canMove(): boolean {
    return this.capabilities.nativeMove && this.#calls.get('moveFile') !== undefined
  }

  get canMakeDirectories(): boolean {
    return this.capabilities.directories && this.#calls.get('createDirectory') !== undefined
  }

  get canSetAttributes(): boolean {
    return this.#calls.get('setAttributes') !== undefined
  }

  get canProveDirectories(): boolean {
    return this.capabilities.directories && this.canSetAttributes
  }

  /** The call that got this signal, or all of them, has its deadline begin anew. */
  atWork(signal: AbortSignal | undefined): void {
    this.#calls.atWork(signal)
  }

  /** @throws DriverError when the service cannot hold the file under this name. */
  async checkName({ folder, path }: Metadata): Promise<void> {
    const handler = this.#calls.get('normalizePath')
    if (handler === undefined) return
    const normal = await this.#calls.run('normalizePath', path, () => handler(folder, path))
    if (normal === path) return
    throw new DriverError(
      'NAME_NOT_HELD',
      `The service would store ${JSON.stringify(path)} as ${JSON.stringify(normal)}`,
    )
  }

  async delete(metadata: Metadata, token: string, signal?: AbortSignal): Promise<void> {
    const handler = this.#calls.need('deleteFile')
    if (metadata.kind === 'file') await this.reads.recheck(metadata, token, signal)
    const remove = (inner: AbortSignal) => handler(metadata, { token, signal: inner })
    const late = () => this.#calls.late([deletionOf(metadata)])
    await this.#calls.run('deleteFile', metadata.path, remove, { signal, late })
  }

  async move(from: Metadata, to: Metadata, token: string, signal?: AbortSignal): Promise<Stored> {
    const handler = this.#calls.need('moveFile')
    await this.reads.recheck(from, token, signal)
    const rename = (inner: AbortSignal) => handler(from, to, { token, signal: inner })
    const late = (stored: Stored) => this.#calls.late([changeOfStored(to, stored), deletionOf(from)])
    return this.#calls.run('moveFile', to.path, rename, { signal, late })
  }

  async setAttributes(metadata: Metadata, token: string, signal?: AbortSignal): Promise<Stored> {
    const handler = this.#calls.need('setAttributes')
    const set = (inner: AbortSignal) => handler(metadata, { token, signal: inner })
    return this.#calls.store('setAttributes', metadata, set, { signal })
  }

  /** Whether a directory is there under this token: it is asked to have attributes set of which there are none. */
  async isThere(metadata: Metadata, token: string, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.setAttributes({ ...metadata, mtime: null, mode: null }, token, signal)
      return true
    } catch (error) {
      if (isOnituError(error) && (error.code === 'CHANGED' || error.code === 'CONFLICT')) return false
      throw error
    }
  }

  async createDirectory(metadata: Metadata, signal?: AbortSignal): Promise<Stored> {
    const handler = this.#calls.need('createDirectory')
    const create = (inner: AbortSignal) => handler(metadata, { signal: inner })
    return this.#calls.store('createDirectory', metadata, create, { signal })
  }

  /** The size that the driver wants instead, in bytes. */
  async setChunkSize(size: number): Promise<number> {
    const handler = this.#calls.get('setChunkSize')
    if (handler === undefined) return size
    const wanted = await this.#calls.run('setChunkSize', '', () => handler(size))
    return Number.isSafeInteger(wanted) && wanted >= 1 ? wanted : size
  }

  async catchUp(signal?: AbortSignal): Promise<void> {
    const handler = this.#calls.get('catchUp')
    if (handler === undefined) return
    await this.#calls.run('catchUp', '', (inner) => handler({ signal: inner }), { timeout: CATCH_UP_TIMEOUT, signal })
  }

  async close(): Promise<void> {
    const handler = this.#calls.get('close')
    try {
      if (handler !== undefined) await this.#calls.run('close', '', () => handler())
    } finally {
      this.#calls.close()
    }
  }
}

function deletionOf({ folder, path }: Metadata): Change {
  return { type: 'deleted', folder, path }
}
