import type { Handlers, Metadata, Stored } from '../../packages/plug/src/contract.ts'
import { ChangedError, ConflictError, DriverError, ServiceError } from '../../packages/plug/src/errors.ts'
import type { Owner, Scheduler } from './scheduler.ts'
import type { Entry, Storage } from './storage.ts'
import type { Ledger } from './users.ts'

export interface DriverWorld {
  readonly scheduler: Scheduler
  readonly ledger: Ledger
  /** 0..1: how many calls fail in one way or another. */
  readonly faults: () => number
  /** Whether something at or below a path may have been made by a driver that nobody heard of. */
  readonly isUnsure: (path: string) => boolean
  /** Whether the rules let a service have what is at a path: they name it, or it had the file before. */
  readonly mayHave: (storage: Storage, path: string) => boolean
  /** Whether something as long as this file is to take its place. */
  readonly mayCompare: (storage: Storage, file: Pick<Metadata, 'fid' | 'size'>) => boolean
  /** See World.hidesBelow. */
  readonly hidesBelow: (storage: Storage, directory: string) => boolean
  readonly isGuarded: () => boolean
  /** Whether the hub has a content, wherever. */
  readonly lives: (content: Buffer) => boolean
  /** Whether another service has a content, as the file or its copy of a conflict, and can be seen. */
  readonly hasCopyElsewhere: (storage: Storage, path: string, content: Buffer) => boolean
  /** May let the user of a service do something at one of these paths, and says whether it did. */
  readonly meddle: (storage: Storage, paths: readonly string[]) => boolean
  /** Something happened that must never happen. */
  readonly violated: (what: string) => void
}

/** What the driver itself has done and seen: it looks for what differs. */
export interface Index {
  saw(path: string, entry: Entry): void
  sawNothing(path: string): void
  /** What became of it is not known: it has to be looked at. */
  doubts(path: string): void
  /** It looks at it once more, and tells of it if that is what it has told of already. */
  looksAgain(path: string): void
}

interface Call {
  readonly name: keyof Handlers
  readonly path: string
  readonly writes: boolean
  readonly signal?: AbortSignal
  /** What a write leaves that was cut off in the middle. */
  readonly torn?: () => void
}

/** Calls after which there is something else at a path. */
const FINAL: ReadonlySet<keyof Handlers> = new Set([
  'uploadFile',
  'endUpload',
  'deleteFile',
  'moveFile',
  'setAttributes',
  'createDirectory',
])

/** The handlers of a driver over a service in memory: each call is done when the scheduler lets it, or fails, or both. */
export class SimulatedDriver {
  readonly #world: DriverWorld
  readonly #owner: Owner
  readonly #storage: Storage
  readonly #index: Index
  /** By path: the token that was proven just before a write that the service cannot make conditional. */
  #proven = new Map<string, string>()

  constructor(world: DriverWorld, owner: Owner, storage: Storage, index: Index) {
    this.#world = world
    this.#owner = owner
    this.#storage = storage
    this.#index = index
  }

  handlers(): Partial<Handlers> {
    const { capabilities, chunkSize } = this.#storage.kind
    return {
      setChunkSize: async () => chunkSize,
      getFile: (metadata, { token, signal }) => this.#read(metadata, 0, metadata.size, token, signal, 'getFile'),
      ...(capabilities.rangedRead && {
        getChunk: (metadata: Metadata, offset: number, size: number, context: { token: string; signal: AbortSignal }) =>
          this.#read(metadata, offset, size, context.token, context.signal, 'getChunk'),
      }),
      uploadFile: (metadata, content, { token, signal }) =>
        this.#call({ name: 'uploadFile', path: metadata.path, writes: true, signal }, () =>
          this.#put(metadata, Buffer.from(content), token),
        ),
      ...this.#uploads(),
      ...this.#changes(),
    }
  }

  #uploads(): Partial<Handlers> {
    const { uploads, unheard } = this.#storage
    return {
      startUpload: ({ path, fid, version }, { signal }) =>
        this.#call({ name: 'startUpload', path, writes: true, signal }, () => {
          const state = `${fid}-${version}`
          uploads.set(state, Buffer.alloc(0))
          unheard.add(state)
          return state
        }),
      restartUpload: ({ path }, offset, { state, signal }) =>
        this.#call({ name: 'restartUpload', path, writes: true, signal }, () => {
          const part = uploads.get(String(state))
          if (part === undefined) throw new DriverError('GONE', 'there is no such upload')
          const from = Math.min(offset, part.byteLength)
          uploads.set(String(state), part.subarray(0, from))
          return from
        }),
      uploadChunk: ({ path }, offset, chunk, { state, signal }) => {
        const write = (bytes: Uint8Array) => {
          unheard.delete(String(state))
          this.#take(bytes.byteLength)
          uploads.set(String(state), overwritten(uploads.get(String(state)), offset, bytes))
        }
        const torn = () => write(chunk.subarray(0, Math.floor(chunk.byteLength / 2)))
        return this.#call({ name: 'uploadChunk', path, writes: true, signal, torn }, () => write(chunk))
      },
      endUpload: (metadata, { state, token, signal }) =>
        this.#call({ name: 'endUpload', path: metadata.path, writes: true, signal }, () => {
          const content = uploads.get(String(state))
          if (content === undefined) throw new DriverError('GONE', 'there is no such upload')
          const stored = this.#put(metadata, content, token)
          uploads.delete(String(state))
          unheard.delete(String(state))
          return stored
        }),
      abortUpload: ({ path }, { state }) =>
        this.#call({ name: 'abortUpload', path, writes: true }, () => {
          uploads.delete(String(state))
        }),
    }
  }

  #changes(): Partial<Handlers> {
    const { capabilities } = this.#storage.kind
    const handlers: Partial<Handlers> = {
      deleteFile: (metadata, { token, signal }) =>
        this.#call({ name: 'deleteFile', path: metadata.path, writes: true, signal }, () =>
          this.#delete(metadata, token),
        ),
    }
    if (capabilities.nativeMove) {
      handlers.moveFile = (from, to, { token, signal }) =>
        this.#call({ name: 'moveFile', path: `${from.path} -> ${to.path}`, writes: true, signal }, () =>
          this.#move(from, to, token),
        )
    }
    if (capabilities.mtime || capabilities.mode) {
      handlers.setAttributes = (metadata, { token, signal }) =>
        this.#call({ name: 'setAttributes', path: metadata.path, writes: true, signal }, () => {
          if (metadata.kind === 'directory') return this.#setMode(metadata, token)
          const entry = this.#expect(metadata.path, token)
          return this.#store(metadata, entry.content, entry.inode)
        })
    }
    if (capabilities.directories) {
      handlers.createDirectory = ({ path }, { signal }) =>
        this.#call({ name: 'createDirectory', path, writes: true, signal }, () => {
          const entry = this.#storage.entries.get(path)
          if (entry?.kind === 'file' || !this.#storage.makeUnordered(path)) throw new ConflictError(`${path} is a file`)
          if (entry === undefined && this.#isErased(path)) {
            this.#world.violated(`${path} of ${this.#storage.name} is made again, which its user deleted`)
          }
          const made = entry ?? this.#storage.makeDirectory(path)
          this.#index.saw(path, made)
          return { token: made.token, mode: capabilities.mode ? made.mode : null }
        })
    }
    return handlers
  }

  #read(metadata: Metadata, offset: number, size: number, token: string, signal: AbortSignal, name: keyof Handlers) {
    const { path } = metadata
    if (this.#storage.kind.mode === 'w' && size > 0 && !this.#world.mayCompare(this.#storage, metadata)) {
      this.#world.violated(`${path} of ${this.#storage.name} is read, which is only written`)
    }
    return this.#call({ name, path, writes: false, signal }, () => {
      const entry = this.#storage.entries.get(path)
      if (entry?.token !== token) throw new ChangedError(`${path} has changed`)
      if (size === 0) this.#proven.set(path, token)
      const content = entry.content.subarray(offset, offset + size)
      if (content.byteLength === 0 || !this.#chance(0.5)) return content
      this.#world.scheduler.count('a read is short')
      return content.subarray(0, content.byteLength - 1)
    })
  }

  #put(metadata: Metadata, content: Buffer, token: string | null): Stored {
    const { path } = metadata
    this.#replace(path, token)
    if (this.#storage.entries.get(path)?.kind === 'directory') throw new ConflictError(`${path} is a directory`)
    if (!this.#storage.makeUnordered(path)) throw new ServiceError('ENOTDIR', `${path} is below a file`)
    if (this.#world.ledger.numberOf(content) === undefined) {
      this.#world.violated(`${path} of ${this.#storage.name} gets a content that nobody wrote`)
    }
    this.#take(content.byteLength)
    if (!this.#world.mayHave(this.#storage, path)) {
      this.#world.violated(`${path} goes to ${this.#storage.name}, to which no rule sends it`)
    }
    return this.#store(metadata, content, this.#storage.nextInode())
  }

  #store({ path, mtime, mode }: Metadata, content: Buffer, inode: number): Stored {
    const { capabilities } = this.#storage.kind
    const stored = this.#storage.put(path, {
      kind: 'file',
      content,
      inode,
      mtime: capabilities.mtime && mtime !== null ? mtime : this.#world.scheduler.now(),
      mode: capabilities.mode && mode !== null ? mode : 0o644,
    })
    this.#index.saw(path, stored)
    return { token: stored.token, mtime: stored.mtime, mode: capabilities.mode ? stored.mode : null }
  }

  /** By its own user, with all that was in it, while nobody did anything anywhere else. */
  #isErased(path: string): boolean {
    const { deeds } = this.#world.ledger
    const { name, kind } = this.#storage
    // What is never read cannot be missed either.
    if (kind.mode === 'w') return false
    const concerned = deeds.filter((deed) =>
      [deed.path, deed.to ?? deed.path].some((one) => one === path || one.startsWith(`${path}/`)),
    )
    // What is held back may be in the way of what was put in its place.
    if (this.#world.isGuarded()) return false
    // A file that stood where a directory is to be is none.
    const last = concerned.at(-1)
    const isErased = last?.what === 'erase' && last.content === undefined
    const isAlone = deeds.every(({ service }) => service === name) && !this.#world.hidesBelow(this.#storage, path)
    return isAlone && isErased && !this.#world.isUnsure(path)
  }

  #setMode({ path, mode }: Metadata, token: string): Stored {
    const entry = this.#storage.entries.get(path)
    if (entry?.token !== token) throw new ConflictError(`${path} is another directory`)
    const stored = { ...entry, mode: this.#storage.kind.capabilities.mode && mode !== null ? mode : entry.mode }
    this.#storage.set(path, stored)
    return { token, mode: this.#storage.kind.capabilities.mode ? stored.mode : null }
  }

  #delete({ path, kind }: Metadata, token: string): void {
    const entry = this.#storage.entries.get(path)
    if (entry === undefined) return
    if (entry.kind !== kind) throw new ConflictError(`${path} is a ${entry.kind}`)
    if (kind === 'file') this.#replace(path, token)
    else if (this.#storage.below(path).length > 0) throw new DriverError('NOT_EMPTY', `${path} is not empty`)
    this.#storage.entries.delete(path)
    if (kind === 'file') this.#checkDeleted(path, entry.content)
    this.#index.sawNothing(path)
  }

  /** I5: some user has deleted or replaced it, or it lives on in another place. */
  #checkDeleted(path: string, content: Buffer): void {
    const { ledger } = this.#world
    const number = ledger.numberOf(content) ?? 0
    if (ledger.replaced.has(number) || ledger.moved.has(number) || this.#world.lives(content)) return
    // A rename for a conflict of which nobody knows whether it was done may look like a deletion. Who did it tells of the copy next.
    if (this.#world.hasCopyElsewhere(this.#storage, path, content)) return
    this.#world.violated(`${path} of ${this.#storage.name} (${number}) is deleted, which no user has done`)
  }

  #move(from: Metadata, to: Metadata, token: string): Stored {
    const entry = this.#fileAt(from.path)
    const isOther = entry.token !== token
    if (isOther && !this.#isBlind(from.path, token)) throw new ConflictError(`${from.path} has changed`)
    if (this.#storage.entries.has(to.path)) throw new ConflictError(`${to.path} is taken`)
    if (!this.#storage.makeUnordered(to.path)) throw new ServiceError('ENOTDIR', `${to.path} is below a file`)
    this.#storage.entries.delete(from.path)
    this.#storage.set(to.path, entry)
    this.#index.sawNothing(from.path)
    // What came between the look and the rename is moved, and the driver can say only what it has looked at: the next listing shows the rest.
    this.#index.saw(to.path, { ...entry, token })
    const { capabilities } = this.#storage.kind
    const { mtime, mode } = isOther ? from : entry
    return { token, mtime, mode: capabilities.mode ? mode : null }
  }

  /** As a driver that looks once more afterwards where its service knows no conditions. */
  #expect(path: string, token: string): Entry {
    const entry = this.#fileAt(path)
    if (entry.token !== token) throw new ChangedError(`${path} has changed`)
    return entry
  }

  #fileAt(path: string): Entry {
    const entry = this.#storage.entries.get(path)
    if (entry === undefined || entry.kind !== 'file') throw new ConflictError(`${path} is gone`)
    // What a user wrote within the granularity of the token, nobody can tell from what was there before.
    if (entry.isHidden === true) this.#world.ledger.replace(entry.content)
    return entry
  }

  #isBlind(path: string, token: string | null): boolean {
    const isProven = token === null || this.#proven.get(path) === token
    return isProven && !this.#storage.kind.capabilities.conditionalWrite
  }

  /** Whether what is there may be replaced; a service that cannot tell replaces it. */
  #replace(path: string, token: string | null): void {
    const entry = this.#storage.entries.get(path)
    // What a user wrote within the granularity of the token, nobody can tell from what was there before.
    if (entry?.isHidden === true) this.#world.ledger.replace(entry.content)
    if ((entry?.token ?? null) === token) return
    if (!this.#isBlind(path, token)) throw new ConflictError(`${path} has ${entry?.token}, expected ${token}`)
    // Nothing can be done about what comes between the check and the write of such a service.
    if (entry?.kind === 'file') this.#world.ledger.replace(entry.content)
  }

  #take(bytes: number): void {
    if (this.#storage.room < bytes) {
      this.#world.scheduler.count('a write finds no room')
      throw new ServiceError('ENOSPC', 'no space is left')
    }
    this.#storage.room -= bytes
  }

  /** Now and then a service is slow: meanwhile everything else goes on. */
  #dawdle(): Promise<void> {
    const { scheduler } = this.#world
    return new Promise((resolve) => {
      scheduler.after(this.#owner, scheduler.random.below(1_000), resolve)
    })
  }

  #chance(share: number): boolean {
    const faults = this.#world.faults()
    return faults > 0 && this.#world.scheduler.random.chance(faults * share)
  }

  async #call<T>({ name, path, writes, signal, torn }: Call, act: () => T): Promise<T> {
    const { scheduler } = this.#world
    const label = `${this.#owner.name} ${name} ${path}`
    if (writes && this.#storage.kind.mode === 'r' && name !== 'abortUpload') this.#world.violated(`${label}: read-only`)
    const checked = <R>(what: () => R) => {
      if (!this.#storage.isReachable) {
        scheduler.count('a call finds its root away')
        throw new ServiceError('UNREACHABLE', `${this.#storage.name} is away`)
      }
      return what()
    }
    const orphan = () => {
      const isTorn = torn !== undefined && scheduler.random.chance(0.5)
      scheduler.count(isTorn ? 'a write is torn' : 'what a killed process had asked for is done')
      ignoreFailure(() => checked<unknown>(isTorn ? torn : act))
    }
    if (scheduler.random.chance(0.05)) await this.#dawdle()
    // While an order is at the file is when that matters.
    if (writes && this.#storage.kind.tellsTwice && scheduler.random.chance(0.2))
      for (const one of path.split(' -> ')) this.#index.looksAgain(one)
    // A user is at the same place, and the driver may hear of it before the call is done.
    const isMeddled = writes && this.#world.meddle(this.#storage, path.split(' -> '))
    if (isMeddled) await this.#dawdle()
    const result = await scheduler.call(
      this.#owner,
      label,
      () => {
        signal?.throwIfAborted()
        if (this.#chance(1)) {
          scheduler.count(torn === undefined ? 'a call of a driver fails' : 'a write is torn')
          if (torn !== undefined) checked(torn)
          throw new ServiceError('ECONNRESET', `${label} failed`)
        }
        return checked(act)
      },
      writes ? orphan : undefined,
    )
    if (writes && !isMeddled && this.#world.meddle(this.#storage, path.split(' -> '))) await this.#dawdle()
    if (scheduler.random.chance(0.2)) await scheduler.call(this.#owner, `${label} answers`, () => undefined)
    if (writes && this.#chance(1)) {
      scheduler.count('a call of a driver times out and was done')
      for (const one of FINAL.has(name) ? path.split(' -> ') : []) this.#index.doubts(one)
      throw new ServiceError('ETIMEDOUT', `${label} was done, and nobody said so`)
    }
    return result
  }
}

/** Chunks of one upload may come in any order. */
function overwritten(part: Buffer | undefined, offset: number, bytes: Uint8Array): Buffer {
  const before = part ?? Buffer.alloc(0)
  const next = Buffer.alloc(Math.max(before.byteLength, offset + bytes.byteLength))
  before.copy(next)
  next.set(bytes, offset)
  return next
}

function ignoreFailure(act: () => unknown): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}
