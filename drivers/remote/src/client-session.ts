import {
  FILES_PER_PAGE,
  type HandlerName,
  type HubSession,
  type RequestName,
  requestSchemas,
  type Started,
} from '@onitu/majordomo/hub'
import type { Change, DriverPlug, KnownFile } from '@onitu/plug'
import { OnituError, parseRecord } from '@onitu/protocol'
import type * as v from 'valibot'
import type { RemoteOptions } from './create-remote.ts'
import { DatabaseCalls } from './database-calls.ts'
import type { RemoteHandlers } from './remote-handlers.ts'

export interface ClientSessionOptions extends Pick<RemoteOptions, 'undecided' | 'agreeOnChunks'> {
  readonly plug: DriverPlug
  readonly session: HubSession
  readonly handlers: RemoteHandlers
  /** Folders that the service has had: they are not made again. */
  readonly known: Set<string>
}

type Arguments<N extends RequestName> = v.InferOutput<(typeof requestSchemas)[N]>
type Incoming = { readonly method: string; readonly args: unknown }

/** Listings of a client that are open at the same time. */
const MAX_LISTINGS = 64
/** Its lines in the log, and problems it tells of, for each second: what is more is counted and told in one line. */
const LINES_PER_SECOND = 50

/** One connection of the client: answers what its Plug asks for, as the Plug of this process. */
export class ClientSession {
  readonly #options: ClientSessionOptions
  readonly #database: DatabaseCalls
  readonly #names = new Set<HandlerName>()
  readonly #unavailable = new Set<string>()
  #listings = new Map<number, AsyncIterator<KnownFile>>()
  #lastListing = 0
  #begun: Promise<void>
  #setBegun: () => void = () => undefined
  #setListening: () => void = () => undefined
  #listening: Promise<void>
  #lines = { since: 0, count: 0 }
  isListening = false

  constructor(options: ClientSessionOptions) {
    this.#options = options
    this.#database = new DatabaseCalls(() => options.plug.serviceDb)
    this.#begun = new Promise((resolve) => {
      this.#setBegun = resolve
    })
    this.#listening = new Promise((resolve) => {
      this.#setListening = resolve
    })
  }

  /** Once all that was said of a former client is done: from here on its requests are answered. */
  begin(): void {
    const { plug, undecided } = this.#options
    for (const folder of plug.folders.keys()) undecided?.(folder)
    this.#setBegun()
  }

  /** Frees what it holds. */
  async end(): Promise<void> {
    this.#setBegun()
    this.#setListening()
    const listings = [...this.#listings.values()]
    this.#listings.clear()
    await Promise.all([this.#database.close(), ...listings.map((listing) => listing.return?.())])
  }

  /** Resolves when the client serves, or is gone. */
  async listening(signal: AbortSignal): Promise<void> {
    if (this.isListening) return
    await Promise.race([this.#listening, aborted(signal)])
  }

  has(name: HandlerName): boolean {
    return this.#names.has(name)
  }

  call(...[name, args, options]: Parameters<HubSession['call']>): ReturnType<HubSession['call']> {
    return this.#options.session.call(name, args, options)
  }

  /** @throws OnituError for what cannot be done, or is not understood */
  async answer({ method, args }: Incoming): Promise<unknown> {
    await this.#begun
    const answers = this.#answers as Readonly<Record<string, ((args: never) => unknown) | undefined>>
    const answer = Object.hasOwn(answers, method) ? answers[method] : undefined
    if (answer === undefined) throw new OnituError('NOT_SUPPORTED', `The hub has no method ${JSON.stringify(method)}`)
    const parsed: unknown = parseRecord(requestSchemas[method as RequestName], args, `The request ${method}`)
    return answer(parsed as never)
  }

  readonly #answers: { readonly [N in RequestName]: (args: Arguments<N>) => unknown } = {
    start: () => this.#started(),
    handlers: ([names]) => this.#register(names),
    listen: ([names]) => this.#listen(names),
    report: ([changes]) => this.#options.plug.report(changes as readonly Change[]),
    getMetadata: async ([folder, path]) => (await this.#options.plug.getMetadata(folder, path)) ?? null,
    list: ([folder]) => this.#list(folder),
    listMore: ([listing]) => this.#listMore(listing),
    listEnd: ([listing]) => this.#listEnd(listing),
    setAvailable: ([folder, available, reason]) => this.#setAvailable(folder, available, reason),
    problem: ([folder, path, code, reason]) => {
      if (this.#mayTell()) this.#options.plug.problem(folder, path, code, reason)
    },
    log: ([level, message]) => {
      if (this.#mayTell()) this.#options.plug.logger[levelName(level)](message)
    },
    database: ([operation, args]) => this.#database.answer(operation, args),
  }

  #started(): Started {
    const { plug, known } = this.#options
    const folders = [...plug.folders.values()].map(({ name, mode, identity, history }) => ({
      name,
      mode,
      identity,
      known: known.has(name),
      ...(history && { history }),
    }))
    return { session: plug.session, service: plug.name, folders }
  }

  #register(names: readonly HandlerName[]): void {
    for (const name of names) this.#names.add(name)
    this.#options.handlers.register(names)
  }

  /** The driver serves: what it has not called unavailable is there. */
  async #listen(names: readonly HandlerName[]): Promise<void> {
    const { plug, handlers, agreeOnChunks } = this.#options
    this.#register(names)
    await agreeOnChunks?.()
    this.isListening = true
    this.#setListening()
    handlers.changed()
    for (const folder of plug.folders.keys()) {
      if (!this.#unavailable.has(folder)) await this.#setAvailable(folder, true, '')
    }
  }

  async #setAvailable(folder: string, available: boolean, reason: string): Promise<void> {
    const { plug, known } = this.#options
    if (!plug.folders.has(folder))
      throw new OnituError('UNKNOWN_FOLDER', `The service has no folder ${JSON.stringify(folder)}`)
    if (available) this.#unavailable.delete(folder)
    else this.#unavailable.add(folder)
    // Orders begin when a folder is there, and need handlers: those are known when the driver serves.
    if (available && !this.isListening) return
    await plug.setAvailable(folder, available, reason)
    if (available) known.add(folder)
  }

  #list(folder: string): number {
    if (!this.#options.plug.folders.has(folder))
      throw new OnituError('UNKNOWN_FOLDER', `The service has no folder ${JSON.stringify(folder)}`)
    if (this.#listings.size >= MAX_LISTINGS)
      throw new OnituError('TOO_MANY', `More than ${MAX_LISTINGS} listings are open`, { retryable: true })
    const listing = ++this.#lastListing
    this.#listings.set(listing, this.#options.plug.list(folder)[Symbol.asyncIterator]())
    return listing
  }

  async #listMore(listing: number): Promise<readonly KnownFile[]> {
    const iterator = this.#listings.get(listing)
    const files: KnownFile[] = []
    while (iterator !== undefined && files.length < FILES_PER_PAGE) {
      const { done, value } = await iterator.next()
      if (done === true) break
      files.push(value)
    }
    return files
  }

  async #listEnd(listing: number): Promise<void> {
    const iterator = this.#listings.get(listing)
    this.#listings.delete(listing)
    await iterator?.return?.()
  }

  /** A flood of lines stays with the client. */
  #mayTell(): boolean {
    const now = performance.now()
    if (now - this.#lines.since > 1000) {
      const left = this.#lines.count - LINES_PER_SECOND
      if (left > 0) this.#options.plug.logger.warn(`The client told of ${left} more problems or lines within a second`)
      this.#lines = { since: now, count: 0 }
    }
    return ++this.#lines.count <= LINES_PER_SECOND
  }
}

function levelName(level: number): 'debug' | 'info' | 'warn' | 'error' {
  if (level < 30) return 'debug'
  if (level < 40) return 'info'
  return level < 50 ? 'warn' : 'error'
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
