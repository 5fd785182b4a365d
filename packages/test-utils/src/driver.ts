import { allFeatures, type DriverFeatures } from './driver-features.ts'
import type { Setup } from './setup.ts'

/** A folder of a service as the setup has it, but for its path: the helper gives one unless it is set. */
export interface FolderMapping {
  readonly path?: string
  readonly mode?: 'r' | 'w' | 'rw'
  readonly [option: string]: unknown
}

export interface DriverOptions {
  /** Names, or names with what the setup says about them. Default: one folder named `default`. */
  readonly folders?: readonly string[] | Readonly<Record<string, FolderMapping>>
  /** Options of the driver in the setup. */
  readonly options?: Readonly<Record<string, string | number | boolean>>
  /** Chunks of this many bytes, so that transfers take their time. */
  readonly chunkSize?: number
  /** Chunks as small as the driver makes them (`smallestChunk`), to slow transfers down. Default false. */
  readonly speedBump?: boolean
}

export interface WrittenService {
  readonly driver: string
  readonly options: Readonly<Record<string, string | number | boolean>>
  readonly folders: Readonly<Record<string, FolderMapping & { readonly path: string }>>
}

/**
 * A service under test, operated from its own side, that is not through Onitu. Paths are the service's own: `path(folder, name)`
 * gives them. What the tests of all drivers share is written against this class alone.
 */
export abstract class Driver {
  /** As the setup names it. */
  abstract readonly type: string
  readonly name: string
  readonly features: DriverFeatures = allFeatures
  readonly #folders: Readonly<Record<string, FolderMapping>>
  readonly #options: Readonly<Record<string, string | number | boolean>>
  readonly #speedBump: boolean
  /** Bytes in a chunk of a service with a speed bump. */
  protected readonly smallestChunk: number = 1

  constructor(name: string, { folders = ['default'], options = {}, chunkSize, speedBump = false }: DriverOptions = {}) {
    this.name = name
    this.#speedBump = speedBump
    this.#folders = isList(folders) ? Object.fromEntries(folders.map((folder) => [folder, {}])) : folders
    this.#options = chunkSize === undefined ? options : { ...options, chunk_size: chunkSize }
  }

  get folders(): readonly string[] {
    return Object.keys(this.#folders)
  }

  /** Where a folder of this service is, as its driver understands it. */
  folderPath(folder: string): string {
    const mapping = this.#folders[folder]
    if (mapping === undefined) throw new TypeError(`${this.name} has no folder ${JSON.stringify(folder)}`)
    return this.resolveFolder(folder, mapping.path)
  }

  path(folder: string, name: string): string {
    return `${this.folderPath(folder)}/${name}`
  }

  /** Its entry in the setup. */
  dump(): WrittenService {
    const folders = Object.entries(this.#folders).map(([folder, mapping]) => [
      folder,
      { ...mapping, path: this.folderPath(folder) },
    ])
    return {
      driver: this.type,
      options: {
        ...this.ownOptions(),
        ...(this.#speedBump ? { chunk_size: this.smallestChunk } : {}),
        ...this.#options,
      },
      folders: Object.fromEntries(folders),
    }
  }

  /** Called once, when the service is added to a setup. */
  abstract connect(setup: Setup): void
  /** May be called twice. */
  abstract close(): Promise<void>

  abstract mkdir(path: string): Promise<void>
  /** With all that is in it. */
  abstract rmdir(path: string): Promise<void>
  /** Directories are made on the way. */
  abstract write(path: string, content: Uint8Array | string): Promise<void>
  /** Random bytes. */
  abstract generate(path: string, size: number): Promise<void>
  abstract read(path: string): Promise<Uint8Array>
  abstract exists(path: string): Promise<boolean>
  abstract unlink(path: string): Promise<void>
  /** Files and directories. Directories are made on the way. */
  abstract rename(path: string, to: string): Promise<void>
  /** md5 in hex. */
  abstract checksum(path: string): Promise<string>

  protected abstract resolveFolder(folder: string, path: string | undefined): string
  protected ownOptions(): Readonly<Record<string, string | number | boolean>> {
    return {}
  }
}

function isList(value: NonNullable<DriverOptions['folders']>): value is readonly string[] {
  return Array.isArray(value)
}
