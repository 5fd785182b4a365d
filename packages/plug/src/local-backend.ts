import { setMaxListeners } from 'node:events'
import type { Database } from '@onitu/escalator'
import { fileId, fileRecordSchema, keys, lastPart, OnituError, parseRecord } from '@onitu/protocol'
import type { Logger } from 'pino'
import type { PlugBackend } from './backend.ts'
import { type Connection, connectService } from './connect-service.ts'
import type { Change, Handlers, KnownFile, Manifest, OfferedFile, OptionValue, ServiceFolder } from './contract.ts'
import { createLogger } from './create-logger.ts'
import { type Engine, realClock } from './engine.ts'
import { FolderStates } from './folder-states.ts'
import { knownFile } from './metadata.ts'
import { readRecords } from './observe/outbox.ts'
import type { RunContext } from './run-context.ts'
import { Service } from './service.ts'
import { readServiceSetup } from './service-setup.ts'
import { Spool } from './transfer/spool.ts'

interface Parts {
  readonly context: RunContext
  readonly connection: Connection
  readonly engine: Engine
  readonly service: Service
  readonly states: FolderStates
  readonly logger: () => Logger
  readonly options: Readonly<Record<string, OptionValue>>
  readonly stop: AbortController
}

/**
 * How long closing may wait for what is being written, in ms: when the launcher was killed the Escalator may be gone
 * already, and a write that is repeated until it works would keep the process. The next start finds what was not written.
 */
const CLOSING_GRACE = 5_000

/** The engine of a service in this process, connected to the session. */
export class LocalBackend implements PlugBackend {
  readonly options: Readonly<Record<string, OptionValue>>
  readonly #parts: Parts

  private constructor(parts: Parts) {
    this.#parts = parts
    this.options = parts.options
  }

  static async connect(context: RunContext, manifest: Manifest, handlers: Partial<Handlers>): Promise<LocalBackend> {
    const connection = await connectService(context)
    try {
      const parts = await assemble(context, manifest, handlers, connection)
      await parts.service.core.prepare()
      connection.events.publish({ type: 'plug_started', service: context.service })
      return new LocalBackend(parts)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  get logger(): Logger {
    return this.#parts.logger()
  }

  get name(): string {
    return this.#parts.context.service
  }

  get session(): string {
    return this.#parts.context.session
  }

  get folders(): ReadonlyMap<string, ServiceFolder> {
    return this.#parts.engine.folders
  }

  get serviceDb(): Database {
    const { engine } = this.#parts
    return engine.db.prefixed(keys.serviceDb(engine.service))
  }

  report(changes: readonly Change[]): Promise<void> {
    return this.#parts.service.core.reporter.report(changes)
  }

  async getMetadata(folder: string, path: string): Promise<KnownFile | undefined> {
    const fid = fileId(folder, path)
    return knownFile(fid, (await readRecords(this.#parts.engine, [fid])).get(fid), this.#mayRead(folder))
  }

  async *list(folder: string): AsyncIterable<KnownFile> {
    const { db, service } = this.#parts.engine
    for await (const [key, value] of db.range({ prefix: keys.filePrefix(service) })) {
      const record = parseRecord(fileRecordSchema, value, key)
      const known = record.folder === folder ? knownFile(lastPart(key), record, this.#mayRead(folder)) : undefined
      if (known !== undefined) yield known
    }
  }

  #mayRead(folder: string): boolean {
    return this.folders.get(folder)?.mode !== 'w'
  }

  async setAvailable(folder: string, available: boolean, reason: string): Promise<void> {
    const { engine, states, service } = this.#parts
    if (!engine.folders.has(folder)) throw new TypeError(`The service has no folder ${JSON.stringify(folder)}`)
    const changed = await states.set(folder, available, reason)
    if (changed && available) service.core.resume()
  }

  setUndecided(folder: string): void {
    this.#parts.states.setUndecided(folder)
  }

  problem(folder: string, path: string, code: string, reason: string): void {
    const { engine } = this.#parts
    engine.emit({ type: 'file_problem', service: engine.service, folder, path, code, reason })
  }

  offerFile({ folder, path, size, mtime, mode }: OfferedFile, from: string): Promise<string | undefined> {
    return this.#parts.service.core.offerFile({ folder, path, size, mtime, mode, from })
  }

  atWork(signal?: AbortSignal): void {
    this.#parts.service.core.atWork(signal)
  }

  async listen(): Promise<void> {
    const { context, engine, service, states } = this.#parts
    await states.confirm()
    await service.listen(context, this.#proposedChunkSize)
    engine.emit({ type: 'driver_started', service: engine.service })
  }

  agreeOnChunks(): Promise<void> {
    return this.#parts.service.core.agreeOnChunks(this.#proposedChunkSize)
  }

  async close(): Promise<void> {
    const { service, connection, engine, stop } = this.#parts
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
      await engine.spool?.close()
      engine.emit({ type: 'driver_stopped', service: engine.service })
      await connection.close()
    }
  }

  get #proposedChunkSize(): number | undefined {
    const chunkSize = this.options.chunk_size
    return typeof chunkSize === 'number' ? chunkSize : undefined
  }
}

async function assemble(
  context: RunContext,
  manifest: Manifest,
  handlers: Partial<Handlers>,
  connection: Connection,
): Promise<Parts> {
  const setup = await readServiceSetup(connection.db, context.session, context.service, manifest)
  const stop = new AbortController()
  // Every running call listens to it.
  setMaxListeners(0, stop.signal)
  const logger = createLogger(context.service, context.debug, (event) => connection.events.publish(event))
  const warn = (message: string, error?: unknown) => logger().warn(error === undefined ? {} : { err: error }, message)
  const spool = context.scratch === undefined ? undefined : await Spool.open(context.scratch, realClock, warn)
  const engine: Engine = {
    service: context.service,
    db: connection.db,
    clock: realClock,
    random: Math.random,
    folders: setup.folders,
    capabilities: manifest.capabilities,
    chunkSize: 1024 * 1024,
    spool,
    signal: stop.signal,
    emit: (event) => connection.events.publish(event),
    wakeReferee: () => connection.wake.push([context.service]),
    warn,
    isAvailable: (folder) => states.isAvailable(folder),
    isUndecided: (folder) => states.isUndecided(folder),
  }
  const states = new FolderStates(engine, setup.state)
  const service = new Service(engine, handlers, connection)
  return { context, connection, engine, service, states, logger, options: setup.options, stop }
}
