import type { Database } from '@onitu/escalator'
import { OnituError } from '@onitu/protocol'
import type { Logger } from 'pino'
import type { PlugBackend } from './backend.ts'
import type {
  Change,
  DriverPlug,
  Handlers,
  KnownFile,
  Manifest,
  OfferedFile,
  OptionValue,
  Seen,
  ServiceFolder,
} from './contract.ts'
import { type Deferred, deferred } from './deferred.ts'
import type { HostedContext, RunContext } from './run-context.ts'

interface Connected {
  readonly backend: PlugBackend
  readonly listening: Deferred<void>
  readonly closed: Deferred<void>
}

/**
 * A driver's side of Onitu. Does nothing until the service process connects it; handlers are registered before that, or in
 * `start`. Once it is closed it may be connected again: the driver is then started anew.
 */
export class Plug implements DriverPlug {
  #handlers: Partial<Handlers> = {}
  #connected: Connected | undefined
  /** Whether `#connected` is of use, or being made. What was closed stays: a driver may still log in its last moments. */
  #open = false
  #closing: Promise<void> | undefined

  get name(): string {
    return this.#backend.name
  }

  get session(): string {
    return this.#backend.session
  }

  get options(): Readonly<Record<string, OptionValue>> {
    return this.#backend.options
  }

  get folders(): ReadonlyMap<string, ServiceFolder> {
    return this.#backend.folders
  }

  get logger(): Logger {
    return this.#backend.logger
  }

  get serviceDb(): Database {
    return this.#backend.serviceDb
  }

  handler<N extends keyof Handlers>(name: N, handler: Handlers[N]): void {
    if (typeof handler !== 'function')
      throw new TypeError(`The handler ${name} must be a function, got ${typeof handler}`)
    this.#handlers[name] = handler
  }

  report(changes: readonly Change[]): Promise<void> {
    return this.#backend.report(changes)
  }

  updateFile(seen: Seen): Promise<void> {
    return this.report([{ ...seen, type: 'updated' }])
  }

  deleteFile(folder: string, path: string): Promise<void> {
    return this.report([{ type: 'deleted', folder, path }])
  }

  moveFile(from: { readonly folder: string; readonly path: string }, to: Seen): Promise<void> {
    return this.report([{ ...to, type: 'moved', from }])
  }

  getMetadata(folder: string, path: string): Promise<KnownFile | undefined> {
    return this.#backend.getMetadata(folder, path)
  }

  async exists(folder: string, path: string): Promise<boolean> {
    return (await this.getMetadata(folder, path)) !== undefined
  }

  list(folder: string): AsyncIterable<KnownFile> {
    return this.#backend.list(folder)
  }

  setAvailable(folder: string, available: boolean, reason = ''): Promise<void> {
    return this.#backend.setAvailable(folder, available, reason)
  }

  problem(folder: string, path: string, code: string, reason: string): void {
    this.#backend.problem(folder, path, code, reason)
  }

  offerFile(file: OfferedFile, from: string): Promise<string | undefined> {
    return this.#backend.offerFile(file, from)
  }

  atWork(signal?: AbortSignal): void {
    this.#backend.atWork(signal)
  }

  async listen(): Promise<void> {
    const { backend, listening, closed } = this.#use()
    await backend.listen()
    listening.resolve()
    await closed.promise
  }

  /** Resolves when `listen` serves. */
  get ready(): Promise<void> {
    return this.#use().listening.promise
  }

  /** Asks the handler `setChunkSize` anew, for a driver of which the wish has changed. Transfers under way are not touched. */
  agreeOnChunks(): Promise<void> {
    return this.#backend.agreeOnChunks()
  }

  /**
   * As when the driver was just started: reports of the folder are taken, though it has not said whether the folder can be
   * reached. For a driver that takes its time to find out.
   */
  setUndecided(folder: string): void {
    this.#backend.setUndecided(folder)
  }

  /** For the service process: connects to the session, or to the host. The driver starts after that. */
  async connect(context: RunContext | HostedContext, manifest: Manifest): Promise<void> {
    if (this.#open) throw new OnituError('ALREADY_CONNECTED', 'This Plug is connected already')
    this.#open = true
    this.#closing = undefined
    try {
      const backend = await openBackend(context, manifest, this.#handlers)
      this.#connected = { backend, listening: deferred(), closed: deferred() }
    } catch (error) {
      this.#open = false
      throw error
    }
  }

  /** For the service process: ends gently. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#connected === undefined || !this.#open) return
    const { backend, closed } = this.#connected
    try {
      await backend.close()
    } finally {
      this.#open = false
      closed.resolve()
    }
  }

  get #backend(): PlugBackend {
    return this.#use().backend
  }

  #use(): Connected {
    if (this.#connected !== undefined) return this.#connected
    throw new OnituError('NOT_CONNECTED', 'A Plug can be used once its service runs: inside start() and the handlers')
  }
}

async function openBackend(
  context: RunContext | HostedContext,
  manifest: Manifest,
  handlers: Partial<Handlers>,
): Promise<PlugBackend> {
  if ('host' in context) return context.host.open(manifest, handlers)
  // A hosted driver does without the engine, and without the memory that it takes.
  const { LocalBackend } = await import('./local-backend.ts')
  return LocalBackend.connect(context, manifest, handlers)
}
