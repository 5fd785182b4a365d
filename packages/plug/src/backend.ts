import type { Database } from '@onitu/escalator'
import type { Logger } from 'pino'
import type { Change, Handlers, KnownFile, Manifest, OfferedFile, OptionValue, ServiceFolder } from './contract.ts'

/**
 * What a Plug passes its calls to: the engine of this process (`LocalBackend`), or a host that reaches the engine on another
 * machine. Means the same as in `DriverPlug`, but for `listen`.
 */
export interface PlugBackend {
  readonly name: string
  readonly session: string
  readonly options: Readonly<Record<string, OptionValue>>
  readonly folders: ReadonlyMap<string, ServiceFolder>
  readonly logger: Logger
  readonly serviceDb: Database
  report(changes: readonly Change[]): Promise<void>
  getMetadata(folder: string, path: string): Promise<KnownFile | undefined>
  list(folder: string): AsyncIterable<KnownFile>
  setAvailable(folder: string, available: boolean, reason: string): Promise<void>
  /** Reports of the folder are taken, whatever was said of it before. */
  setUndecided(folder: string): void
  problem(folder: string, path: string, code: string, reason: string): void
  atWork(signal?: AbortSignal): void
  offerFile(file: OfferedFile, from: string): Promise<string | undefined>
  /** Resolves when it serves. The handlers are registered by now. */
  listen(): Promise<void>
  /** Asks the driver anew how large chunks should be. */
  agreeOnChunks(): Promise<void>
  /** Ends gently, the driver too. Called once. */
  close(): Promise<void>
}

/** Runs drivers somewhere else than in the process of a service. Not plain data: it is of the process that loads the driver. */
export interface PlugHost {
  /** `handlers` is filled until `listen`. */
  open(manifest: Manifest, handlers: Partial<Handlers>): Promise<PlugBackend>
}
