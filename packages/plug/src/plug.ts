import { setMaxListeners } from 'node:events'
import type { Database } from '@onitu/escalator'
import { fileId, fileRecordSchema, keys, lastPart, OnituError, parseRecord } from '@onitu/protocol'
import type { Logger } from 'pino'
import { type Connection, connectService } from './connect-service.ts'
import type { Change, DriverPlug, Handlers, KnownFile, Manifest, OptionValue, Seen, ServiceFolder } from './contract.ts'
import { createLogger } from './create-logger.ts'
import { deferred } from './deferred.ts'
import { type Engine, realClock } from './engine.ts'
import { FolderStates } from './folder-states.ts'
import { knownFile } from './metadata.ts'
import { readRecords } from './observe/outbox.ts'
import type { RunContext } from './run-context.ts'
import { Service } from './service.ts'
import { readServiceSetup } from './service-setup.ts'

interface Connected {
  readonly context: RunContext
  readonly connection: Connection
  readonly engine: Engine
  readonly service: Service
  readonly states: FolderStates
  readonly logger: Logger
  readonly options: Readonly<Record<string, OptionValue>>
  readonly stop: AbortController
}

/**
 * How long closing may wait for what is being written, in ms: when the launcher was killed the Escalator may be gone
 * already, and a write that is repeated until it works would keep the process. The next start finds what was not written.
 */
const CLOSING_GRACE = 5_000

/** A driver's side of Onitu. Does nothing until the service process connects it; handlers are registered before that. */
export class Plug implements DriverPlug {
  #handlers: Partial<Handlers> = {}
  #connected: Connected | undefined
  #closing: Promise<void> | undefined
  #listening = deferred<void>()
  #closed = deferred<void>()

  get name(): string {
    return this.#use().context.service
  }

  get session(): string {
    return this.#use().context.session
  }

  get options(): Readonly<Record<string, OptionValue>> {
    return this.#use().options
  }

  get folders(): ReadonlyMap<string, ServiceFolder> {
    return this.#use().engine.folders
  }

  get logger(): Logger {
    return this.#use().logger
  }

  get serviceDb(): Database {
    const { engine } = this.#use()
    return engine.db.prefixed(keys.serviceDb(engine.service))
  }

  handler<N extends keyof Handlers>(name: N, handler: Handlers[N]): void {
    if (typeof handler !== 'function')
      throw new TypeError(`The handler ${name} must be a function, got ${typeof handler}`)
    this.#handlers[name] = handler
  }

  report(changes: readonly Change[]): Promise<void> {
    return this.#use().service.core.reporter.report(changes)
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

  async getMetadata(folder: string, path: string): Promise<KnownFile | undefined> {
    const fid = fileId(folder, path)
    return knownFile(fid, (await readRecords(this.#use().engine, [fid])).get(fid))
  }

  async exists(folder: string, path: string): Promise<boolean> {
    return (await this.getMetadata(folder, path)) !== undefined
  }

  async *list(folder: string): AsyncIterable<KnownFile> {
    const { db, service } = this.#use().engine
    for await (const [key, value] of db.range({ prefix: keys.filePrefix(service) })) {
      const record = parseRecord(fileRecordSchema, value, key)
      const known = record.folder === folder ? knownFile(lastPart(key), record) : undefined
      if (known !== undefined) yield known
    }
  }

  async setAvailable(folder: string, available: boolean, reason = ''): Promise<void> {
    const { engine, states, service } = this.#use()
    if (!engine.folders.has(folder)) throw new TypeError(`The service has no folder ${JSON.stringify(folder)}`)
    const changed = await states.set(folder, available, reason)
    if (changed && available) service.core.resume()
  }

  problem(folder: string, path: string, code: string, reason: string): void {
    const { engine } = this.#use()
    engine.emit({ type: 'file_problem', service: engine.service, folder, path, code, reason })
  }

  async listen(): Promise<void> {
    const { context, engine, service, states, options } = this.#use()
    const chunkSize = options.chunk_size
    await states.confirm()
    await service.listen(context, typeof chunkSize === 'number' ? chunkSize : undefined)
    engine.emit({ type: 'driver_started', service: engine.service })
    this.#listening.resolve()
    await this.#closed.promise
  }

  /** Resolves when `listen` serves. */
  get ready(): Promise<void> {
    return this.#listening.promise
  }

  /** For the service process: connects to the session. The driver starts after that. */
  async connect(context: RunContext, manifest: Manifest): Promise<void> {
    if (this.#connected !== undefined) throw new OnituError('ALREADY_CONNECTED', 'This Plug is connected already')
    const connection = await connectService(context)
    try {
      this.#connected = await this.#assemble(context, manifest, connection)
      await this.#connected.service.core.prepare()
      connection.events.publish({ type: 'plug_started', service: context.service })
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** For the service process: ends gently. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#connected === undefined) return
    const { service, connection, engine, stop } = this.#connected
    const abort = () => stop.abort(new OnituError('CLOSED', 'The service is closing'))
    const giveUp = () => {
      abort()
      connection.db.close().catch((error: unknown) => engine.warn('Closing the database failed', error))
    }
    const grace = setTimeout(giveUp, CLOSING_GRACE)
    try {
      await service.close()
    } finally {
      clearTimeout(grace)
      abort()
      engine.emit({ type: 'driver_stopped', service: engine.service })
      this.#closed.resolve()
      await connection.close()
    }
  }

  async #assemble(context: RunContext, manifest: Manifest, connection: Connection): Promise<Connected> {
    const setup = await readServiceSetup(connection.db, context.session, context.service, manifest)
    const stop = new AbortController()
    // Every running call listens to it.
    setMaxListeners(0, stop.signal)
    const logger = createLogger(context.service, context.debug, (event) => connection.events.publish(event))
    const engine: Engine = {
      service: context.service,
      db: connection.db,
      clock: realClock,
      random: Math.random,
      folders: setup.folders,
      capabilities: manifest.capabilities,
      chunkSize: 1024 * 1024,
      signal: stop.signal,
      emit: (event) => connection.events.publish(event),
      wakeReferee: () => connection.wake.push([context.service]),
      warn: (message, error) => logger.warn(error === undefined ? {} : { err: error }, message),
      isAvailable: (folder) => states.isAvailable(folder),
    }
    const states = new FolderStates(engine, setup.state)
    const service = new Service(engine, this.#handlers, connection)
    return { context, connection, engine, service, states, logger, options: setup.options, stop }
  }

  #use(): Connected {
    if (this.#connected !== undefined) return this.#connected
    throw new OnituError('NOT_CONNECTED', 'A Plug can be used once its service runs: inside start() and the handlers')
  }
}
