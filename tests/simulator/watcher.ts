import { contentHash, isOnituError } from '@onitu/protocol'
import { Settling } from '../../drivers/sftp/src/watch/settling.ts'
import type { Change } from '../../packages/plug/src/contract.ts'
import { reconcileKnown } from '../../packages/plug/src/kit/reconcile-known.ts'
import type { Owner, Scheduler } from './scheduler.ts'
import { type Entry, FOLDER, inodeOf, parentsOf, type Storage } from './storage.ts'

/** What the Plug knows of a path. */
export type Known = readonly [path: string, state: { readonly token: string; readonly hash: string }]

export interface WatcherHooks {
  report(changes: readonly Change[]): Promise<void>
  /** Path, token and hash of all that the Plug knows. */
  listKnown(): Promise<Known[]>
  setAvailable(available: boolean): Promise<void>
  failed(error: unknown): void
  /** Whether a listing that could not be read to its end counts as one that was: a deliberate fault. */
  readonly believesParts: boolean
  /** Whether a root that is away counts as an empty one: a deliberate fault. */
  readonly believesAbsence: boolean
  /** Whether what a listing leaves out counts as gone, though the listing may be late: a deliberate fault. */
  readonly believesLate: boolean
  /** Whether a token that may hide a change counts as proof: a deliberate fault. */
  readonly believesTokens: boolean
  /** 0..1 */
  faults(): number
}

const SCAN_INTERVAL = 60_000
const RETRY_DELAY = 200
/** ms: what may have been changed once more unseen is looked at again. */
const YOUNG = 60_000
/** ms within which what was told of is told of again. */
const AGAIN = 300

/**
 * Looks for what users did: told of by the system late, or never, so it also looks now and then. It lists a service in two
 * parts, between which anything can happen, as it can in every service that cannot be listed in one moment.
 */
export class Watcher {
  readonly #scheduler: Scheduler
  readonly #owner: Owner
  readonly #storage: Storage
  readonly #hooks: WatcherHooks
  #index = new Map<string, string>()
  /** Paths that the driver itself has written since the listing began. */
  #written: Set<string> | undefined
  /** Changes that may not be the last ones that look like this. */
  readonly #settling = new Settling()
  /** What was written so recently that a change may not show: it is read again, if need be. */
  readonly #racy = new Set<string>()
  #isDirty = true
  #looking: Promise<void> | undefined
  #reports = 0
  #isKnown = false
  #hasLearned = false
  #wasReachable: boolean | undefined

  constructor(scheduler: Scheduler, owner: Owner, storage: Storage, hooks: WatcherHooks) {
    this.#scheduler = scheduler
    this.#owner = owner
    this.#storage = storage
    this.#hooks = hooks
  }

  /** Nothing is left to look at or to tell. */
  get isIdle(): boolean {
    const isSettled = this.#settling.paths.length === 0 && this.#racy.size === 0
    return isSettled && !this.#isDirty && this.#looking === undefined && this.#reports === 0
  }

  saw(path: string, entry: Entry): void {
    this.#index.set(path, entry.token)
    this.#written?.add(path)
    this.#settling.forget(path)
    this.#suspect(path, entry)
    this.#storage.remember()
  }

  sawNothing(path: string): void {
    this.#index.delete(path)
    this.#written?.add(path)
    this.#settling.forget(path)
    this.#storage.remember()
  }

  doubts(path: string): void {
    this.#index.set(path, 'unknown')
    this.changed()
  }

  looksAgain(path: string): void {
    const entry = this.#storage.isReachable ? this.#storage.entries.get(path) : undefined
    if (entry?.kind !== 'file' || entry.token !== this.#index.get(path)) return
    this.#scheduler.count('a driver tells twice')
    this.#report(this.#changeOf(path, entry))
  }

  async start(): Promise<void> {
    await this.#checkRoot()
    this.#scanLater()
    this.look()
  }

  /** Something changed: it comes out when the system gets round to telling. */
  changed(): void {
    this.#isDirty = true
    this.#storage.remember()
    const faults = this.#hooks.faults()
    if (faults > 0 && this.#scheduler.random.chance(faults)) {
      this.#scheduler.count('a change is not told of')
      return
    }
    const { random } = this.#scheduler
    this.#scheduler.after(this.#owner, random.below(random.chance(0.5) ? 10 : 300), () => this.look())
  }

  look(): void {
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        if (!isOnituError(error)) this.#hooks.failed(error)
        this.#isDirty = true
        this.#scheduler.after(this.#owner, RETRY_DELAY, () => this.look())
      })
      .finally(() => {
        this.#looking = undefined
      })
  }

  /** Forgets what it saw: what the Plug knows has no effect, however often it is told. */
  tellAll(): void {
    const all = [...this.#storage.entries.keys()]
    this.#report(all.flatMap((path) => this.#changeOf(path, this.#storage.entries.get(path))))
  }

  #scanLater(): void {
    this.#scheduler.after(this.#owner, SCAN_INTERVAL, () => {
      this.look()
      this.#scanLater()
    })
  }

  async #checkRoot(): Promise<boolean> {
    const isReachable = this.#storage.isReachable || this.#hooks.believesAbsence
    const isChanged = this.#wasReachable !== isReachable
    // Also when it comes back: what a look that was under way has told meanwhile was not heard.
    if (!isReachable || isChanged) this.#isKnown = false
    // Before it is told: whoever looks meanwhile, and finds it otherwise, tells of that.
    this.#wasReachable = isReachable
    if (isChanged) await this.#hooks.setAvailable(isReachable)
    return isReachable
  }

  async #look(): Promise<void> {
    if (!(await this.#checkRoot())) return
    const written = new Set<string>()
    this.#written = written
    if (!this.#isKnown) await this.#learn(written)
    this.#isDirty = false
    const found = await this.#list()
    this.#written = undefined
    if (!this.#storage.isReachable && !this.#hooks.believesAbsence) return
    if (found.isWhole || this.#hooks.believesParts) this.#conclude(found.entries, written, true)
    else {
      this.#conclude(found.entries, written, false)
      this.#isDirty = true
      this.#scheduler.after(this.#owner, RETRY_DELAY, () => this.look())
    }
  }

  /** What the driver wrote while the Plug was asked is newer than the answer. */
  async #learn(written: ReadonlySet<string>): Promise<void> {
    const listed = new Map((await this.#hooks.listKnown()).map(([path, { token }]) => [path, token]))
    const known = this.#hasLearned ? reconcileKnown(this.#index, listed) : listed
    for (const [path, entry] of this.#storage.entries) this.#suspect(path, entry)
    for (const path of written) {
      const token = this.#index.get(path)
      if (token === undefined) known.delete(path)
      else known.set(path, token)
    }
    this.#index = known
    this.#isKnown = true
    this.#hasLearned = true
  }

  async #list(): Promise<{ entries: Map<string, Entry>; isWhole: boolean }> {
    const entries = new Map<string, Entry>()
    const { random } = this.#scheduler
    const late = this.#isLate() ? random.pick(this.#storage.past) : undefined
    if (late !== undefined) this.#scheduler.count('a listing is late')
    this.#storage.remember()
    for (const part of random.chance(0.5) ? [0, 1] : [1, 0]) {
      await this.#scheduler.call(this.#owner, `${this.#owner.name} lists part ${part}`, () => {
        if (!this.#storage.isReachable) return
        for (const [path, entry] of late ?? this.#storage.entries) {
          if (path.charCodeAt(0) % 2 === part) entries.set(path, entry)
        }
      })
      const faults = this.#hooks.faults()
      if (faults > 0 && random.chance(faults)) {
        this.#scheduler.count('a listing ends early')
        return { entries, isWhole: false }
      }
    }
    return { entries, isWhole: true }
  }

  #isLate(): boolean {
    const isPossible = this.#storage.kind.listsLate && this.#storage.past.length > 0 && this.#hooks.faults() > 0
    return isPossible && this.#scheduler.random.chance(0.5)
  }

  /** What is in the listing and was not known; and, of a whole listing, what is not in it and not there now either. */
  #conclude(found: ReadonlyMap<string, Entry>, written: ReadonlySet<string>, isWhole: boolean): void {
    const now = this.#storage.isReachable ? this.#storage.entries : new Map<string, Entry>()
    // Where a file was seen there was nothing below it, whatever is there by now.
    const { directories } = this.#storage.kind.capabilities
    const isBelowFile = (path: string) =>
      directories && parentsOf(path).some((parent) => found.get(parent)?.kind === 'file')
    const believes = this.#hooks.believesParts || this.#hooks.believesLate
    const isGone = (path: string) => isBelowFile(path) || (isWhole && !found.has(path) && (believes || !now.has(path)))
    const gone = [...this.#index.keys()].filter((path) => !written.has(path) && isGone(path))
    // As the driver for S3: whether it is beside what was below it is known at the end only.
    const isBeside = (path: string) => !directories && [...this.#index.keys()].some((one) => one.startsWith(`${path}/`))
    const fromInode = new Map(gone.map((path) => [inodeOf(this.#index.get(path) ?? ''), path]))
    const changes: Change[] = []
    const moved = new Set<string>()
    for (const [path, entry] of found) {
      const before = this.#index.get(path)
      if (written.has(path) || before === entry.token || !this.#isSettled(path, entry)) continue
      if (!isWhole && before === undefined && isBeside(path)) continue
      const isNew = before === undefined || before.startsWith('d')
      const from = isNew && entry.kind === 'file' ? this.#movedFrom(entry, fromInode) : undefined
      this.#index.set(path, entry.token)
      if (from !== undefined) moved.add(from)
      changes.push(...this.#changeOf(path, entry, from))
      this.#lookAgainLater(path)
    }
    const deleted = gone
      .filter((path) => !moved.has(path))
      .sort()
      .reverse()
    for (const path of gone) this.#index.delete(path)
    for (const path of this.#settling.paths) {
      const token = found.get(path)?.token
      if (token === undefined ? isWhole : token === this.#index.get(path)) this.#settling.forget(path)
    }
    this.#lookAgain()
    this.#report([...changes, ...deleted.map((path) => ({ type: 'deleted' as const, folder: FOLDER, path }))])
  }

  get #isCoarse(): boolean {
    return this.#storage.kind.tokens === 'coarse' && !this.#hooks.believesTokens
  }

  #isSettled(path: string, { token, mtime, mode, content }: Entry): boolean {
    if (!this.#isCoarse) return true
    const found = { path, token, mtime: mtime / 1000, mode, size: content.byteLength }
    return (
      this.#settling.take([found], this.#scheduler.elapsed, { here: this.#scheduler.now() / 1000, server: undefined })
        .length > 0
    )
  }

  #lookAgainLater(path: string): void {
    const { random } = this.#scheduler
    if (!this.#storage.kind.tellsTwice || !random.chance(0.5)) return
    this.#scheduler.after(this.#owner, random.below(AGAIN), () => this.looksAgain(path))
  }

  #lookAgain(): void {
    const due = this.#settling.due(this.#scheduler.elapsed)
    if (due !== undefined) this.#scheduler.after(this.#owner, due, () => this.look())
  }

  /** A change of this file that comes now may not show in its token. */
  #suspect(path: string, { kind, mtime }: Entry): void {
    if (
      !this.#isCoarse ||
      this.#storage.kind.mode === 'w' ||
      kind !== 'file' ||
      Math.abs(this.#scheduler.now() - mtime) > YOUNG ||
      this.#racy.has(path)
    )
      return
    this.#racy.add(path)
    this.#readAgain(path, this.#storage.kind.capabilities.tokenGranularity * 1.1)
  }

  #readAgain(path: string, delay: number): void {
    this.#scheduler.after(this.#owner, delay, () => {
      this.#compare(path).then(
        () => this.#racy.delete(path),
        (error: unknown) => {
          if (!isOnituError(error)) this.#hooks.failed(error)
          this.#readAgain(path, RETRY_DELAY)
        },
      )
    })
  }

  async #compare(path: string): Promise<void> {
    const known = new Map(await this.#hooks.listKnown()).get(path)
    const entry = this.#storage.isReachable ? this.#storage.entries.get(path) : undefined
    if (entry === undefined || known?.token !== entry.token || this.#index.get(path) !== entry.token) return
    const hash = contentHash(entry.content)
    this.#storage.wasRead(path)
    if (hash === known.hash) return
    this.#report(this.#changeOf(path, entry).map((change) => ({ ...change, hash })))
  }

  #movedFrom(entry: Entry, fromInode: Map<string, string>): string | undefined {
    if (!this.#storage.kind.seesMoves) return undefined
    const inode = inodeOf(entry.token)
    const from = fromInode.get(inode)
    fromInode.delete(inode)
    return from
  }

  #changeOf(path: string, entry: Entry | undefined, from?: string): Change[] {
    if (entry === undefined) return []
    const { kind, content, mtime, token } = entry
    const { tellsHash, capabilities } = this.#storage.kind
    const hash = tellsHash && kind === 'file' ? { hash: contentHash(content) } : {}
    if (tellsHash) this.#storage.wasRead(path)
    const mode = capabilities.mode ? entry.mode : null
    const seen = { folder: FOLDER, path, kind, size: content.byteLength, mtime, mode, token, ...hash }
    return [
      from === undefined
        ? { type: 'updated', ...seen }
        : { type: 'moved', from: { folder: FOLDER, path: from }, ...seen },
    ]
  }

  #report(changes: readonly Change[]): void {
    if (changes.length === 0) return
    const lines = changes.map(
      (change) => `${change.type} ${change.type === 'moved' ? `${change.from.path} -> ` : ''}${change.path}`,
    )
    this.#scheduler.note(`${this.#owner.name} tells of ${lines.join(', ')}`)
    this.#reports += 1
    this.#hooks
      .report(changes)
      .catch((error: unknown) => {
        if (!isOnituError(error)) this.#hooks.failed(error)
        // What was written of it is not known: it is compared anew with what the Plug knows.
        this.#isKnown = false
        this.#isDirty = true
        this.#scheduler.after(this.#owner, RETRY_DELAY, () => this.look())
      })
      .finally(() => {
        this.#reports -= 1
      })
  }
}
