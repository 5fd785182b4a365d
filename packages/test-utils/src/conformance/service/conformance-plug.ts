import type {
  Change,
  DriverPlug,
  Handlers,
  KnownFile,
  Manifest,
  OptionValue,
  Seen,
  ServiceFolder,
  Stored,
} from '@onitu/plug'
import { fileId } from '@onitu/protocol'
import { PathLocks } from './path-locks.ts'
import { readHash } from './read-hash.ts'
import { recordingLogger } from './recording-logger.ts'

export const FOLDER = 'docs'

export interface PlugSetup {
  readonly manifest: Manifest
  readonly folder: ServiceFolder
  readonly options: Readonly<Record<string, OptionValue>>
  readonly database: DriverPlug['serviceDb'] | undefined
}

/** How often a content that could not be read is tried again, ms. */
const READ_AGAIN = 100

/**
 * What a driver sees of Onitu, without Onitu: it takes reports as the real Plug does (in order for each file, never during a write
 * of that file, reading what has no hash) and keeps what it knows, so that the suite can look at it.
 */
export class ConformancePlug implements DriverPlug {
  readonly name = 'service'
  readonly session = 'conformance'
  readonly options: Readonly<Record<string, OptionValue>>
  readonly folders: ReadonlyMap<string, ServiceFolder>
  readonly handlers: Partial<Handlers> = {}
  readonly known = new Map<string, KnownFile>()
  /** What was news, in order. */
  readonly changes: Change[] = []
  readonly problems: { readonly path: string; readonly code: string; readonly reason: string }[] = []
  /** Everything that was said: logs, reasons, problems. */
  readonly said: string[] = []
  readonly logger: DriverPlug['logger']
  readonly locks = new PathLocks()
  unavailable: string | undefined
  /** How often the driver said that it is at work. */
  atWorkCalls = 0
  #database: DriverPlug['serviceDb'] | undefined
  #ended = false

  constructor({ manifest, folder, options, database }: PlugSetup) {
    this.options = { ...defaults(manifest), ...options }
    this.folders = new Map([[folder.name, folder]])
    this.#database = database
    this.logger = recordingLogger((text) => this.said.push(text))
  }

  get serviceDb(): DriverPlug['serviceDb'] {
    if (this.#database !== undefined) return this.#database
    throw new TypeError('A driver that uses plug.serviceDb has to say so: set `database: true` in its definition')
  }

  handler<N extends keyof Handlers>(name: N, handler: Handlers[N]): void {
    this.handlers[name] = handler
  }

  /** @throws TypeError when the driver has not registered it. */
  use<N extends keyof Handlers>(name: N): Handlers[N] {
    const handler: Handlers[N] | undefined = this.handlers[name]
    if (handler === undefined) throw new TypeError(`The driver has no handler ${name}`)
    return handler
  }

  async report(changes: readonly Change[]): Promise<void> {
    await Promise.all(changes.map((change) => this.locks.hold(pathsOf(change), () => this.#take(change))))
  }

  updateFile(seen: Seen): Promise<void> {
    return this.report([{ type: 'updated', ...seen }])
  }

  deleteFile(folder: string, path: string): Promise<void> {
    return this.report([{ type: 'deleted', folder, path }])
  }

  moveFile(from: { readonly folder: string; readonly path: string }, to: Seen): Promise<void> {
    return this.report([{ type: 'moved', from, ...to }])
  }

  async getMetadata(_folder: string, path: string): Promise<KnownFile | undefined> {
    return this.known.get(path)
  }

  async exists(_folder: string, path: string): Promise<boolean> {
    return this.known.has(path)
  }

  async *list(_folder: string): AsyncIterable<KnownFile> {
    yield* [...this.known.values()]
  }

  async setAvailable(_folder: string, available: boolean, reason = ''): Promise<void> {
    this.unavailable = available ? undefined : reason
    this.said.push(reason)
  }

  problem(_folder: string, path: string, code: string, reason: string): void {
    this.problems.push({ path, code, reason })
    this.said.push(`${code} ${reason}`)
  }

  /** There are no deadlines here: it is counted. */
  atWork(): void {
    this.atWorkCalls++
  }

  /** There is nobody else. */
  async offerFile(): Promise<undefined> {
    return undefined
  }

  async listen(): Promise<void> {
    throw new TypeError('`start` of the definition must not call plug.listen(): the suite is what serves')
  }

  /** What the Plug writes down after a handler has stored something. The lock of the path is held. */
  stored(file: Omit<KnownFile, 'token'>, { token, mtime = file.mtime, mode = file.mode }: Stored): void {
    this.known.set(file.path, { ...file, mtime, mode, token })
  }

  /** From here on nobody listens to the driver, as when its process was killed. */
  end(): void {
    this.#ended = true
  }

  async #take(change: Change): Promise<void> {
    if (this.#ended || this.unavailable !== undefined) return
    if (change.type === 'deleted') {
      if (this.known.delete(change.path)) this.changes.push(change)
      return
    }
    const before = this.known.get(change.path)
    if (change.type === 'updated' && isKnown(before, change)) return
    const hash = change.hash ?? (await this.#hash(change))
    if (hash === undefined || this.#ended) return
    if (change.type === 'moved') this.known.delete(change.from.path)
    this.stored(fileOf(change, hash), change)
    if (before?.hash !== hash || change.type === 'moved') this.changes.push(change)
  }

  async #hash(seen: Seen): Promise<string | undefined> {
    while (!this.#ended && this.unavailable === undefined) {
      const result = await readHash(this.handlers, fileOf(seen, ''), seen.token)
      if (result !== 'later') return result
      await new Promise((resolve) => setTimeout(resolve, READ_AGAIN))
    }
    return undefined
  }
}

function isKnown(before: KnownFile | undefined, seen: Seen): boolean {
  if (before?.token !== seen.token || before.kind !== (seen.kind ?? 'file')) return false
  return seen.hash === undefined || seen.hash === before.hash
}

function fileOf(seen: Seen, hash: string): Omit<KnownFile, 'token'> {
  const { folder, path, kind = 'file', size, mtime, mode = null } = seen
  return { fid: fileId(folder, path), folder, path, kind, size, mtime, mode, hash, mimetype: '', version: 1 }
}

function pathsOf(change: Change): string[] {
  return change.type === 'moved' ? [change.from.path, change.path] : [change.path]
}

function defaults({ options, velocity }: Manifest): Record<string, OptionValue> {
  const declared = Object.entries(options).flatMap(([name, { default: value }]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  return { velocity, ...Object.fromEntries(declared) }
}
