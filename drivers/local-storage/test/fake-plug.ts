import type {
  Change,
  DriverPlug,
  Handlers,
  HistoryLimits,
  KnownFile,
  Metadata,
  OptionValue,
  Seen,
  ServiceFolder,
} from '@onitu/plug'
import { contentHash, fileId } from '@onitu/protocol'

export interface Availability {
  readonly folder: string
  readonly available: boolean
  readonly reason?: string
}

/** A Plug without a hub: it remembers what it was told, and gives the handlers to the test. */
export class FakePlug implements DriverPlug {
  readonly name = 'left'
  readonly session = 'test'
  readonly options: Readonly<Record<string, OptionValue>>
  readonly folders: ReadonlyMap<string, ServiceFolder>
  readonly handlers: Partial<Handlers> = {}
  readonly known = new Map<string, KnownFile>()
  readonly changes: Change[] = []
  readonly availability: Availability[] = []
  readonly problems: { folder: string; path: string; code: string; reason: string }[] = []
  readonly logs: string[] = []
  /** Fails reports while set. */
  refuse: Error | undefined
  #unavailable = new Set<string>()

  constructor(folders: readonly ServiceFolder[], options: Readonly<Record<string, OptionValue>> = {}) {
    this.folders = new Map(folders.map((folder) => [folder.name, folder]))
    this.options = options
  }

  get logger(): never {
    const log = (message: unknown) => void this.logs.push(String(message))
    return { info: log, warn: log, error: log, fatal: log, debug: log } as never
  }

  get serviceDb(): never {
    throw new TypeError('local-storage keeps nothing in the database')
  }

  atWork(): void {}

  handler<N extends keyof Handlers>(name: N, handler: Handlers[N]): void {
    Object.assign(this.handlers, { [name]: handler })
  }

  /** The handler, as the Plug would call it. */
  use<N extends keyof Handlers>(name: N): Handlers[N] {
    const handler = this.handlers[name]
    if (handler === undefined) throw new TypeError(`The driver has no handler ${name}`)
    return handler as Handlers[N]
  }

  async report(changes: readonly Change[]): Promise<void> {
    if (this.refuse !== undefined) throw this.refuse
    for (const change of changes) if (!this.#unavailable.has(change.folder)) this.#take(change)
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

  async getMetadata(folder: string, path: string): Promise<KnownFile | undefined> {
    return this.known.get(key(folder, path))
  }

  async exists(folder: string, path: string): Promise<boolean> {
    return this.known.has(key(folder, path))
  }

  async *list(folder: string): AsyncIterable<KnownFile> {
    for (const file of this.known.values()) if (file.folder === folder) yield file
  }

  async setAvailable(folder: string, available: boolean, reason?: string): Promise<void> {
    this.availability.push(reason === undefined ? { folder, available } : { folder, available, reason })
    if (available) this.#unavailable.delete(folder)
    else this.#unavailable.add(folder)
  }

  problem(folder: string, path: string, code: string, reason: string): void {
    this.problems.push({ folder, path, code, reason })
  }

  /** Who may upload what is offered says its hash. */
  take: DriverPlug['offerFile'] = async () => undefined

  offerFile(...offer: Parameters<DriverPlug['offerFile']>): Promise<string | undefined> {
    return this.take(...offer)
  }

  async listen(): Promise<void> {}

  #take(change: Change): void {
    this.changes.push(change)
    if (change.type !== 'updated') this.known.delete(key(...gone(change)))
    if (change.type === 'deleted') return
    const isRead = this.folders.get(change.folder)?.mode !== 'w'
    if (isRead && change.kind !== 'directory' && change.hash === undefined)
      throw new Error(`No hash for ${change.path}`)
    const { folder, path, mtime, mode = null, size, token, kind = 'file' } = change
    const hash = change.hash ?? contentHash(new Uint8Array())
    const described = metadata(folder, path, { kind, size, mtime, mode, hash })
    this.known.set(key(folder, path), { ...described, token })
  }
}

export function metadata(folder: string, path: string, fields: Partial<Metadata> = {}): Metadata {
  const given = { kind: 'file', size: 0, mtime: null, mode: null, hash: '', mimetype: '', version: 1 } as const
  return { fid: fileId(folder, path), folder, path, ...given, ...fields }
}

export function serviceFolder(
  name: string,
  path: string,
  known = false,
  history?: HistoryLimits,
  mode: ServiceFolder['mode'] = 'rw',
): ServiceFolder {
  return { name, path, mode, identity: `test:${name}`, known, ...(history && { history }) }
}

export const context = () => ({ signal: new AbortController().signal })

function gone(change: Change): [string, string] {
  return change.type === 'moved' ? [change.from.folder, change.from.path] : [change.folder, change.path]
}

function key(folder: string, path: string): string {
  return `${folder}\0${path}`
}
