import type { BigIntStats } from 'node:fs'
import { rmSync } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { OfferedFile, ServiceFolder } from '@onitu/plug'
import { codeOf } from '../failure.ts'
import type { FoundChange } from '../messages.ts'
import { isAsideName, split } from '../paths.ts'
import { isDirectoryToken } from '../token.ts'
import { changesOf, unreadFile } from './changes.ts'
import { Cookies } from './cookies.ts'
import { Differences } from './differences.ts'
import { Folder } from './folder.ts'
import { Look, type LookHooks } from './look.ts'
import { Reading } from './reading.ts'
import { Reporter } from './reporter.ts'
import { acceptRoot } from './root.ts'
import { Rounds } from './rounds.ts'
import { OverflowGuard } from './watches.ts'

export interface ObserverHooks {
  report(changes: readonly FoundChange[]): Promise<void>
  setAvailable(folder: string, available: boolean, reason?: string): Promise<void>
  /** Has Folder.addKnown called with all that the Plug knows, and resolves after that. */
  listKnown(folder: string): Promise<void>
  problem(folder: string, path: string, code: string, reason: string): void
  /** See DriverPlug.offerFile. `from`: its absolute path. */
  offer(file: OfferedFile, from: string): Promise<string | undefined>
  log(level: 'warn' | 'info', message: string): void
}

/** ms from the first event to the look: what one program does in one go is seen in one go (and renames in pairs). */
const DEBOUNCE = 3
/** ms of looking before orders and events get their turn. */
const SLICE = 12
/** How often a look takes in what happened while it looked. What comes later is for the next one: somebody may go on for ever. */
const LATE_TURNS = 3
/** Found files are kept for pairing; with nothing to pair them with they go on at once, so many. */
const STREAM = 500
const QUEUE_ROOM = 2000
const ROOT_INTERVAL = 2000
const UNWATCHED_INTERVAL = 10_000

/** Sees what changes in the folders and reports it. The index says what was seen last, by looking or by writing. */
export class Observer {
  readonly folders: ReadonlyMap<string, Folder>
  /** Absolute names of files being written next to their target. */
  readonly aside = new Set<string>()
  readonly #hooks: ObserverHooks
  readonly #reporter: Reporter
  readonly #reading: Reading
  readonly #guard = new OverflowGuard(() => this.#overflowed())
  readonly #catchUps = new Rounds(() => this.#catchUp())
  readonly #flushes = new Rounds(() => this.#flush())
  readonly #rootChecks = new Rounds(() => this.#checkRoots())
  readonly #timers: NodeJS.Timeout[] = []
  readonly #differences = new Differences()
  /** What the Plug knows of these may not be what it was told. */
  readonly #uncertain = new Set<Folder>()
  /** How often the folders were compared with what the Plug knows. */
  #comparisons = 0
  #cookies: Cookies | undefined
  #debounce: NodeJS.Timeout | undefined
  #closed = false

  constructor(folders: readonly ServiceFolder[], hooks: ObserverHooks) {
    this.#hooks = hooks
    this.#reporter = new Reporter({
      send: hooks.report,
      warn: (message) => hooks.log('warn', message),
      isCurrent: (change) => this.#isCurrent(change),
      recovered: () => this.#compareAgain(),
    })
    this.#reading = new Reading({
      report: (changes) => this.#reporter.report(changes),
      lookAgain: (folder, path) => this.#lookAgain(folder, path),
      problem: (folder, path, code, reason) => hooks.problem(folder.name, path, code, reason),
      offer: hooks.offer,
    })
    const onEvent = (folder: Folder, directory: string, name: string | null) => this.#event(folder, directory, name)
    const warn = (message: string) => hooks.log('warn', message)
    this.folders = new Map(folders.map((folder) => [folder.name, new Folder(folder, onEvent, warn)]))
  }

  /** Resolves when every folder is open or known to be unavailable; what is in them is looked at afterwards. `scanInterval`: seconds. */
  async start(scanInterval: number): Promise<void> {
    await this.#rootChecks.join()
    this.#every(ROOT_INTERVAL, () => this.#run(this.#rootChecks.join()))
    this.#every(UNWATCHED_INTERVAL, () => this.#markUnwatched())
    this.#every(scanInterval * 1000, () => this.#markAll())
  }

  /** See Handlers.catchUp. */
  catchUp(): Promise<void> {
    return this.#catchUps.join()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#debounce)
    for (const timer of this.#timers) clearInterval(timer)
    this.#cookies?.close()
    this.#reporter.close()
    for (const folder of this.folders.values()) {
      folder.watches.close()
      folder.history.close()
    }
    await this.#reading.close()
  }

  async #checkRoots(): Promise<void> {
    for (const folder of this.folders.values()) {
      if (this.#closed) return
      if (folder.root !== undefined && !folder.isAvailable) await this.#leave(folder)
      // One after the other: the Plug tells what it knows in parts, and those of two answers would end up in one index.
      if (folder.root === undefined) await this.#open(folder)
      else if (this.#uncertain.delete(folder)) await this.#compare(folder)
    }
  }

  async #open(folder: Folder): Promise<void> {
    const state = acceptRoot(folder, folder.known)
    if ('problem' in state) return this.#unavailable(folder, state.problem)
    folder.known = true
    await this.#hooks.listKnown(folder.name)
    if (this.#closed) return
    folder.open(state.root)
    const code = folder.watches.add('')
    if (code !== undefined)
      this.#hooks.log('warn', `${folder.path} cannot be watched (${code}); it is scanned now and then`)
    // Not before it is open: who is told that the folder is there may write to it at once. And in the same step, so that this is
    // told before anything that is seen in it.
    await this.#hooks.setAvailable(folder.name, true)
    this.#wake()
  }

  /** The root is not the one that was accepted: nothing that was seen of it counts any more. */
  async #leave(folder: Folder): Promise<void> {
    folder.leave()
    this.#reading.cancelFolder(folder)
    this.#cookies?.close()
    this.#cookies = undefined
    const state = acceptRoot(folder, true)
    await this.#unavailable(folder, 'problem' in state ? state.problem : `The folder ${folder.path} was replaced`)
  }

  async #unavailable(folder: Folder, reason: string): Promise<void> {
    if (folder.problem === reason) return
    folder.problem = reason
    await this.#hooks.setAvailable(folder.name, false, reason)
  }

  /** Reports that failed were written late, perhaps after newer ones, or not at all: what the Plug knows is compared with what is there. */
  #compareAgain(): Promise<void> {
    for (const folder of this.#openFolders()) this.#uncertain.add(folder)
    return this.#rootChecks.join()
  }

  async #compare(folder: Folder): Promise<void> {
    await this.#hooks.listKnown(folder.name)
    if (this.#closed || folder.root === undefined) return
    this.#reading.cancelFolder(folder)
    folder.open(folder.root)
    this.#comparisons++
    this.#wake()
  }

  #isCurrent(change: FoundChange): boolean {
    const token = (place: { folder: string; path: string }) => this.folders.get(place.folder)?.index.get(place.path)
    if (change.type === 'deleted') return token(change) === undefined
    return token(change) === change.token && (change.type !== 'moved' || token(change.from) === undefined)
  }

  #event(folder: Folder, directory: string, name: string | null): void {
    this.#guard.count()
    if (name === null) folder.markDirectory(directory, 'all')
    else folder.markName(directory, name)
    this.#wake()
  }

  #overflowed(): void {
    this.#hooks.log('warn', 'The system may have dropped notices of changes; everything is scanned')
    this.#markAll()
  }

  #markAll(): void {
    for (const folder of this.#openFolders()) folder.markDirectory('', 'deep')
    this.#wake()
  }

  #markUnwatched(): void {
    for (const folder of this.#openFolders()) {
      for (const directory of folder.watches.unwatched) folder.markDirectory(directory, 'all')
      if (folder.dirt.size > 0) this.#wake()
    }
  }

  #lookAgain(folder: Folder, path: string): void {
    const { directory, name } = split(path)
    folder.markName(directory, name)
    this.#wake()
  }

  #openFolders(): Folder[] {
    return [...this.folders.values()].filter((folder) => folder.root !== undefined)
  }

  #wake(): void {
    if (this.#closed || this.#debounce !== undefined) return
    this.#debounce = setTimeout(() => {
      this.#debounce = undefined
      this.#run(this.#flushes.join())
    }, DEBOUNCE)
  }

  /** Looks at all that is dirty, and hands on what it found. */
  async #flush(): Promise<void> {
    const look = new Look(this.#differences, this.#lookHooks())
    const waiting = this.#reading.waitingForLook()
    const canPair = this.#openFolders().some((folder) => !folder.index.isEmpty)
    let isLate = false
    for (let turn = 0; turn < LATE_TURNS; turn++) {
      for (const folder of this.#openFolders()) look.add(folder)
      this.#differences.beginTurn()
      await this.#steps(look, canPair)
      if (this.#closed || this.#differences.size === 0) break
      // The other half of a rename that was done meanwhile: the system has told of it by now, and both halves belong together.
      await nextTurn()
      isLate = this.#openFolders().some((folder) => folder.dirt.size > 0)
      if (!isLate) break
    }
    // Asked after the looking: a listing of a root that is no longer there is no listing.
    if (this.#openFolders().some((folder) => !folder.isAvailable)) await this.#rootChecks.join()
    if (this.#closed) return
    this.#conclude(isLate)
    this.#reading.looked(waiting)
    if (this.#differences.size > 0) this.#wake()
  }

  async #steps(look: Look, canPair: boolean): Promise<void> {
    let until = performance.now() + SLICE
    while (!this.#closed && look.step()) {
      if (!canPair && this.#differences.size >= STREAM) await this.#stream()
      if (performance.now() < until) continue
      await nextTurn()
      until = performance.now() + SLICE
    }
  }

  #lookHooks(): LookHooks {
    return {
      onSame: (folder: Folder, path: string, stat: BigIntStats) => this.#reading.verify(folder, path, stat),
      cancel: (folder, path) => this.#reading.cancel(folder, path),
      onOwnFile: (folder, path) => this.#removeAside(folder, path),
      problem: (folder, path, code, reason) => this.#hooks.problem(folder.name, path, code, reason),
    }
  }

  async #stream(): Promise<void> {
    this.#conclude(false)
    while (!this.#closed && this.#reading.size > QUEUE_ROOM) await nextTurn()
  }

  #conclude(holdLast: boolean): void {
    const { moved, appeared, vanished } = this.#differences.conclude(holdLast)
    const directories = appeared.filter((file) => isDirectoryToken(file.token))
    for (const { from, to } of moved) {
      this.#reading.cancel(to.in, to.path)
      from.in.told(from.path, undefined)
      to.in.told(to.path, to.token)
    }
    for (const { in: folder, path } of vanished) folder.told(path, undefined)
    for (const { in: folder, path, token } of directories) folder.told(path, token)
    const files = appeared.filter((file) => !isDirectoryToken(file.token))
    const unread = files.filter((file) => !file.in.isRead)
    for (const { in: folder, path, token } of unread) folder.told(path, token)
    this.#reporter.report([...changesOf(directories, moved, vanished), ...unread.map(unreadFile)])
    for (const file of files) if (file.in.isRead) this.#reading.add(file)
  }

  /** A file written aside that nobody writes any more: left over from a crash. */
  #removeAside(folder: Folder, path: string): void {
    const absolute = folder.absolute(path)
    if (isAsideName(split(path).name) && !this.aside.has(absolute)) rmSync(absolute, { force: true })
  }

  async #catchUp(): Promise<void> {
    const startedAt = Date.now()
    await this.#rootChecks.join()
    if (!(await this.#eventsSeen())) this.#markAll()
    await this.#flushes.join()
    if (this.#differences.size > 0) await this.#flushes.join()
    while (!this.#closed && this.#reading.hasChangedBefore(startedAt)) {
      await sleep(2)
      if (this.#openFolders().some((folder) => folder.dirt.size > 0)) await this.#flushes.join()
    }
    const before = this.#comparisons
    await this.#reporter.settled()
    // What is to be told again is found by the look after a comparison.
    if (this.#comparisons > before && !this.#closed) await this.#catchUp()
  }

  /** False when events do not tell everything, now or at all. */
  async #eventsSeen(): Promise<boolean> {
    const [first, ...others] = this.#openFolders()
    if (first === undefined) return true
    if ([first, ...others].some((folder) => folder.watches.unwatched.size > 0)) return false
    this.#cookies ??= new Cookies(first.path)
    const seen = await this.#cookies.pass()
    // The overflow guard speaks at the end of the turn in which the events came.
    await nextTurn()
    return seen
  }

  #every(interval: number, action: () => void): void {
    this.#timers.push(setInterval(action, interval).unref())
  }

  #run(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#closed)
        this.#hooks.log('warn', `Looking for changes failed (${codeOf(error) ?? 'INTERNAL'}): ${String(error)}`)
    })
  }
}
