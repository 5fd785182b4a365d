import { type Change, CONTROL_DIRECTORY, type DriverPlug, OnituError, pathProblem, ServiceError } from '@onitu/plug'
import { nextPoll, type PollLimits, Timer, Turns } from '@onitu/plug/kit'
import type { S3Object } from './client/bucket.ts'
import type { Folder } from './folder.ts'
import { guarded } from './guarded.ts'
import type { ObjectPage } from './listing/part.ts'
import { tokenOf } from './token.ts'

/** ms before a folder that cannot be reached is tried again. */
const RETRY = 2_000
const ASKED_AT_ONCE = 16

/** Finds what changes in one folder: by listing it again and again, without reading any content. */
export class Watcher {
  readonly #plug: DriverPlug
  readonly #folder: Folder
  readonly #limits: PollLimits
  readonly #reports = new Set<Promise<void>>()
  readonly #told = new Set<string>()
  readonly #timer = new Timer(() => void this.#background())
  #interval: number
  /** One look at a time: one that began before a call may have missed something. */
  readonly #turns = new Turns()
  #closed = false

  constructor(plug: DriverPlug, folder: Folder, limits: PollLimits) {
    this.#plug = plug
    this.#folder = folder
    this.#limits = limits
    this.#interval = limits.fastest
  }

  /** Resolves when the folder is known to be available, or not; what is in it is told afterwards. */
  async start(): Promise<void> {
    await this.#reach(async () => {
      await guarded('Looking for the marker', () => this.#folder.requireMarker())
      await this.#folder.available()
    })
    this.#timer.set(this.#folder.isAvailable ? 0 : RETRY)
  }

  /** Everything that had changed before the call has been told. @throws when that cannot be known */
  async catchUp(): Promise<void> {
    await this.#turns.run(() => this.#look())
    await Promise.all(this.#reports)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer.close()
    await this.#turns.over()
  }

  async #background(): Promise<void> {
    await this.#turns.run(() => this.#reach(() => this.#look()))
    if (!this.#closed)
      this.#timer.set(this.#folder.isAvailable ? this.#interval : Math.min(RETRY, this.#limits.slowest))
  }

  /** What fails makes the folder unavailable; it is tried again. */
  async #reach(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      if (this.#closed) return
      await this.#folder.unavailable(error instanceof OnituError ? error : unexpected(error))
    }
  }

  #look(): Promise<void> {
    return guarded(`Listing ${this.#folder.name}`, async () => {
      const startedAt = performance.now()
      const began = this.#folder.now()
      const { listing } = this.#folder
      // On its way together with the marker, unless that is most likely not there.
      const early = this.#folder.isAvailable ? listing.pages() : undefined
      await this.#folder.requireMarker()
      await this.#folder.available()
      const count = await this.#tellChanges(began, early ?? listing.pages())
      this.#folder.forgetWritten(began)
      this.#interval = nextPoll(this.#interval, count > 0, performance.now() - startedAt, this.#limits)
    })
  }

  /** Gives how many there were. What a page shows is told while the next ones are on their way: its contents are read meanwhile. */
  async #tellChanges(began: number, pages: AsyncIterable<ObjectPage>): Promise<number> {
    const { index, prefix, doubted } = this.#folder
    const listed = new Set<string>()
    /** What the listing says of those that it is not believed about. */
    const shown = new Map<string, string>()
    const above = lazily(() => directoriesOf(index.keys()))
    let updated: Change[] = []
    let count = 0
    for await (const { objects, isLast } of pages) {
      for (const object of objects) {
        const path = object.key.slice(prefix.length)
        if (listed.has(path)) continue
        listed.add(path)
        if (!this.#isFile(path, object)) continue
        const token = tokenOf(object)
        if (doubted.has(path)) shown.set(path, token)
        else if (index.get(path) !== token) updated.push(this.#updated(path, object))
      }
      if (isLast) continue
      // What took the name of a directory would seem to be beside what was in that, until it is known that it is gone.
      const isEarly = ({ path }: Change) => index.has(path) || !above().has(path)
      const early = updated.filter(isEarly)
      if (early.length === 0) continue
      // Only a folder that is still the right one says anything.
      await this.#folder.requireMarker()
      const late = updated.filter((change) => !isEarly(change))
      count += this.#tell(early, began)
      updated = late
    }
    // Nor about what is not in it.
    await this.#folder.requireMarker()
    const unlisted = [...index.keys()].filter((path) => !listed.has(path))
    const unsure = [...new Set([...unlisted, ...doubted])].filter((path) => !this.#folder.wasWrittenSince(path, began))
    // What is gone first: a file may stand in the way of another one's directory.
    return count + this.#tell([...(await this.#askAbout(unsure, shown)), ...updated], began)
  }

  /**
   * What a listing leaves out need not be gone, and what it shows need not be so any more: some services (OpenStack Swift) list late, and a deletion
   * that nobody made would be carried out everywhere. So each object is asked for itself.
   */
  async #askAbout(paths: readonly string[], shown: ReadonlyMap<string, string>): Promise<Change[]> {
    const changes: Change[] = []
    for (let at = 0; at < paths.length; at += ASKED_AT_ONCE) {
      const part = paths.slice(at, at + ASKED_AT_ONCE)
      changes.push(...(await Promise.all(part.map((path) => this.#ask(path, shown.get(path))))).flat())
    }
    return changes
  }

  async #ask(path: string, shown: string | undefined): Promise<Change[]> {
    const { index, bucket, name, doubted } = this.#folder
    const object = await bucket.head(this.#folder.key(path))
    const known = index.get(path)
    // From here on the listing is believed again.
    if ((object === undefined ? undefined : tokenOf(object)) === shown) doubted.delete(path)
    if (object === undefined) return known === undefined ? [] : [{ type: 'deleted', folder: name, path }]
    return known === tokenOf(object) ? [] : [this.#updated(path, object)]
  }

  #updated(path: string, object: S3Object): Change {
    const { size, modified: mtime } = object
    return { type: 'updated', folder: this.#folder.name, path, token: tokenOf(object), size, mtime }
  }

  /** Objects whose key ends in `/` stand for directories, which this driver does not keep. */
  #isFile(path: string, { size }: S3Object): boolean {
    if (path === '' || path.split('/').includes(CONTROL_DIRECTORY)) return false
    if (path.endsWith('/') && size === 0) return false
    const problem = pathProblem(path)
    if (problem === undefined) return true
    if (!this.#told.has(path)) this.#plug.problem(this.#folder.name, path, 'INVALID_PATH', `The path ${problem}`)
    this.#told.add(path)
    return false
  }

  /**
   * All but what was written here since. Gives how many there are. What becomes of them is not waited for: contents have to be read for it. What could not be told is
   * found again by the next listing.
   */
  #tell(found: readonly Change[], began: number): number {
    const changes = found.filter(({ path }) => !this.#folder.wasWrittenSince(path, began))
    if (changes.length === 0) return 0
    const { index } = this.#folder
    for (const change of changes) {
      if (change.type === 'deleted') index.delete(change.path)
      else index.set(change.path, change.token)
    }
    const report = this.#plug.report(changes).catch(async (error: unknown) => {
      this.#plug.logger.warn(
        { err: error },
        `Changes in ${this.#folder.name} could not be told, and are looked for again`,
      )
      await this.#folder.reload()
    })
    const tracked: Promise<void> = report.finally(() => this.#reports.delete(tracked))
    this.#reports.add(tracked)
    return changes.length
  }
}

/** All that have something of these below them. */
function directoriesOf(paths: Iterable<string>): ReadonlySet<string> {
  const directories = new Set<string>()
  for (const path of paths) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const directory = path.slice(0, at)
      if (directories.has(directory)) break
      directories.add(directory)
    }
  }
  return directories
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

function unexpected(error: unknown): OnituError {
  return new ServiceError('S3_FAILURE', `The folder cannot be listed: ${String(error)}`, { cause: error })
}
