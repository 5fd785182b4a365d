import type { Database } from '@onitu/escalator'
import type { Change, Handlers, KnownFile, Manifest, OptionValue, PlugBackend, ServiceFolder } from '@onitu/plug'
import { isOnituError, parseRecord } from '@onitu/protocol'
import * as v from 'valibot'
import {
  CHANGES_PER_CALL,
  type HandlerName,
  handlerNames,
  knownFileSchema,
  type RequestName,
  type Started,
  startedSchema,
} from '../wire/call-schemas.ts'
import type { ClientLink } from './client-link.ts'
import type { HandlerCalls } from './handler-calls.ts'
import { hostedDatabase } from './hosted-database.ts'
import { createHostedLogger } from './hosted-logger.ts'

type Logger = PlugBackend['logger']

export interface HostedOptions {
  readonly link: ClientLink
  readonly calls: HandlerCalls
  /** Where folders are on this machine, by name. */
  readonly paths: ReadonlyMap<string, string>
  /** As in the setup, without defaults. */
  readonly options: Readonly<Record<string, OptionValue>>
  readonly log: (level: number, message: string) => void
  readonly debug: boolean
}

const WARN = 40
/** ms */
const TIMEOUT = 60_000
/** A report is answered when it is durable, which may take the reading of all that it tells of. */
const REPORT_TIMEOUT = 24 * 3_600_000
/** About how many bytes one takes in a message. */
const CHANGE_WEIGHT = 300
const PAGE_WEIGHT = 60 * 1024

const pageSchema = v.array(knownFileSchema)
const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** What a hosted driver's Plug talks to: the process of its service on the hub. */
export class HostedBackend implements PlugBackend {
  readonly name: string
  readonly session: string
  readonly options: Readonly<Record<string, OptionValue>>
  readonly folders: ReadonlyMap<string, ServiceFolder>
  readonly logger: Logger
  readonly serviceDb: Database
  readonly #link: ClientLink
  readonly #calls: HandlerCalls
  readonly #handlers: Partial<Handlers>
  readonly #log: HostedOptions['log']
  /** How many handlers the hub knows of. */
  #told = 0

  private constructor(started: Started, manifest: Manifest, handlers: Partial<Handlers>, hosted: HostedOptions) {
    const { link, calls, options, paths, log, debug } = hosted
    this.#link = link
    this.#log = log
    this.#calls = calls
    this.#handlers = handlers
    this.name = started.service
    this.session = started.session
    this.options = { ...defaultOptions(manifest), ...options }
    this.folders = foldersOf(started, paths)
    this.logger = createHostedLogger(debug, (level, message) => {
      log(level, message)
      // The hub has it in its log too. When it cannot be reached, this side has it.
      this.#tell('log', [level, message])
    })
    this.serviceDb = hostedDatabase((operation, args) => this.#ask('database', [operation, args]))
  }

  static async open(manifest: Manifest, handlers: Partial<Handlers>, hosted: HostedOptions): Promise<HostedBackend> {
    const { result } = await hosted.link.call('start', [], { timeout: TIMEOUT })
    const backend = new HostedBackend(
      parseRecord(startedSchema, result, 'The answer of the hub'),
      manifest,
      handlers,
      hosted,
    )
    hosted.calls.serve(handlers, backend.folders)
    return backend
  }

  async report(changes: readonly Change[]): Promise<void> {
    this.#tellHandlers()
    const parts: Promise<unknown>[] = []
    for (let at = 0; at < changes.length; at += CHANGES_PER_CALL) {
      const part = changes.slice(at, at + CHANGES_PER_CALL)
      const expected = part.length * CHANGE_WEIGHT
      parts.push(this.#link.call('report', [part], { expected, timeout: REPORT_TIMEOUT }))
    }
    await Promise.all(parts)
  }

  async getMetadata(folder: string, path: string): Promise<KnownFile | undefined> {
    const known = await this.#ask('getMetadata', [folder, path])
    return known === null ? undefined : asKnownFile(parseRecord(knownFileSchema, known, 'A file of the hub'))
  }

  async *list(folder: string): AsyncIterable<KnownFile> {
    const listing = parseRecord(countSchema, await this.#ask('list', [folder]), 'The number of a listing')
    try {
      for (;;) {
        const { result } = await this.#link.call('listMore', [listing], { timeout: TIMEOUT, expected: PAGE_WEIGHT })
        const page = parseRecord(pageSchema, result, 'A page of files of the hub')
        if (page.length === 0) return
        yield* page.map(asKnownFile)
      }
    } finally {
      this.#tell('listEnd', [listing])
    }
  }

  async setAvailable(folder: string, available: boolean, reason: string): Promise<void> {
    if (!this.folders.has(folder)) throw new TypeError(`The service has no folder ${JSON.stringify(folder)}`)
    await this.#ask('setAvailable', [folder, available, reason])
  }

  /** The process on the hub does so by itself whenever the driver starts. */
  setUndecided(): void {}

  problem(folder: string, path: string, code: string, reason: string): void {
    this.#tell('problem', [folder, path, code, reason])
  }

  atWork(signal?: AbortSignal): void {
    this.#calls.atWork(signal)
  }

  /** The hub cannot read the files of this machine by itself. */
  async offerFile(): Promise<undefined> {
    return undefined
  }

  async listen(): Promise<void> {
    this.#calls.listen()
    await this.#ask('listen', [this.#handlerNames()])
  }

  async agreeOnChunks(): Promise<void> {
    await this.#ask('listen', [this.#handlerNames()])
  }

  async close(): Promise<void> {
    this.#calls.stop()
    await this.#calls.idle()
    await this.#handlers.close?.()
  }

  /** Before the hub might need one. */
  #tellHandlers(): void {
    const names = this.#handlerNames()
    if (names.length === this.#told) return
    this.#told = names.length
    this.#tell('handlers', [names])
  }

  #handlerNames(): HandlerName[] {
    return handlerNames.filter((name) => this.#handlers[name] !== undefined)
  }

  async #ask(method: RequestName, args: readonly unknown[]): Promise<unknown> {
    return (await this.#link.call(method, args, { timeout: TIMEOUT })).result
  }

  /** What cannot be told while the connection ends is told in vain. */
  #tell(method: RequestName, args: readonly unknown[]): void {
    this.#link.call(method, args, { timeout: TIMEOUT }).catch((error: unknown) => {
      if (isOnituError(error) && error.retryable) return
      this.#log(WARN, `The hub did not take what it was told (${method}): ${String(error)}`)
    })
  }
}

function foldersOf({ folders }: Started, paths: ReadonlyMap<string, string>): Map<string, ServiceFolder> {
  const known = new Map<string, ServiceFolder>()
  for (const { history, ...folder } of folders) {
    const path = paths.get(folder.name)
    // The hub may still have one that this setup no longer names.
    if (path !== undefined) known.set(folder.name, { ...folder, path, ...(history && { history }) })
  }
  return known
}

function asKnownFile({ extra, ...file }: v.InferOutput<typeof knownFileSchema>): KnownFile {
  return extra === undefined ? file : { ...file, extra }
}

function defaultOptions({ options, velocity }: Manifest): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = { velocity }
  for (const [name, { default: value }] of Object.entries(options)) if (value !== undefined) values[name] = value
  return values
}
