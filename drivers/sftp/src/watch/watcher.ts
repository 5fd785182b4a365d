import { type Change, type DriverPlug, OnituError, ServiceError } from '@onitu/plug'
import { nextPoll, type PollLimits, Timer, Turns } from '@onitu/plug/kit'
import type { Connection } from '../connection/connection.ts'
import type { Session } from '../connection/session.ts'
import { cleanLeftovers, cleanTemporaries } from '../files/clean-temporaries.ts'
import { stateOf } from '../files/state.ts'
import type { Folder } from '../folder.ts'
import { foundAt } from './found.ts'
import { listFolder } from './list-folder.ts'
import { serverTime } from './server-time.ts'
import { Settling } from './settling.ts'
import { changesOf, updated } from './tell.ts'

/** Files that are looked at again at once. */
const LOOKS = 64
/** ms before a folder that cannot be reached is tried again. */
const RETRY = 2_000

/** Finds what changes in one folder: by listing it again and again, often after a change and seldom when nothing happens. */
export class Watcher {
  readonly #plug: DriverPlug
  readonly #connection: Connection
  readonly #folder: Folder
  readonly #limits: PollLimits
  readonly #settling = new Settling()
  readonly #reports = new Set<Promise<void>>()
  readonly #told = new Set<string>()
  readonly #timer = new Timer(() => void this.#background())
  #interval: number
  #listAt = 0
  /** One look at a time, in the order in which they were asked for. */
  readonly #turns = new Turns()
  /** What an earlier process left behind is gone. */
  #isClean = false
  #closed = false

  constructor(plug: DriverPlug, connection: Connection, folder: Folder, limits: PollLimits) {
    this.#plug = plug
    this.#connection = connection
    this.#folder = folder
    this.#limits = limits
    this.#interval = limits.fastest
  }

  /** Resolves when the folder is known to be available, or not; what is in it is told afterwards. */
  async start(): Promise<void> {
    await this.#turns.run(() => this.#reach((session) => this.#open(session)))
    this.#schedule()
  }

  /** Everything that had changed before the call has been told. @throws when that cannot be known */
  async catchUp(signal: AbortSignal): Promise<void> {
    await this.#turns.run(() => this.#list())
    while (this.#settling.paths.length > 0) {
      signal.throwIfAborted()
      this.#requireOpen()
      await this.#timer.sleep(this.#settling.due(performance.now()) ?? 0)
      await this.#turns.run(() => this.#lookAgain())
    }
    await Promise.all(this.#reports)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer.close()
    await this.#turns.over()
  }

  #requireOpen(): void {
    if (this.#closed) throw new ServiceError('CLOSED', 'The driver is closed')
  }

  async #background(): Promise<void> {
    await this.#turns.run(() =>
      this.#reach(() => (performance.now() >= this.#listAt ? this.#list() : this.#lookAgain())),
    )
    this.#schedule()
  }

  #schedule(): void {
    if (this.#closed) return
    const now = performance.now()
    const retry = this.#folder.isAvailable ? 0 : Math.max(this.#connection.delay, Math.min(RETRY, this.#limits.slowest))
    const due = this.#settling.due(now) ?? Number.POSITIVE_INFINITY
    this.#timer.set(Math.max(retry, Math.min(due, Math.max(0, this.#listAt - now))))
  }

  /** Nothing is written to a folder before what an earlier process left there is gone, whenever it can be reached for the first time. */
  async #open(session: Session): Promise<void> {
    await this.#folder.require(session)
    if (!this.#isClean) await cleanTemporaries(session, this.#folder)
    this.#isClean = true
    if (!this.#folder.isAvailable) this.#settling.clear()
    await this.#folder.available()
  }

  /** What fails makes the folder unavailable; it is tried again. */
  async #reach(task: (session: Session) => Promise<void>): Promise<void> {
    try {
      await task(await this.#connection.session())
    } catch (error) {
      if (this.#closed) return
      this.#listAt = 0
      await this.#folder.unavailable(error instanceof OnituError ? error : unexpected(error))
    }
  }

  async #list(): Promise<void> {
    const began = performance.now()
    const session = await this.#connection.session()
    await this.#open(session)
    await cleanLeftovers(session, this.#folder)
    const listing = await listFolder(session, this.#folder, this.#problem)
    const { changes, rest } = await changesOf(this.#plug, session, this.#folder, listing)
    for (const path of listing.vanished) this.#settling.forget(path)
    const now = performance.now()
    const server = rest.length > 0 ? await serverTime(session, this.#folder) : undefined
    const settled = this.#settling.take(rest, now, { here: Date.now() / 1000, server })
    this.#tell([...changes, ...settled.map((found) => updated(this.#folder, found))])
    const hasChanged = changes.length > 0 || rest.length > 0
    this.#interval = nextPoll(this.#interval, hasChanged, now - began, this.#limits)
    this.#listAt = now + this.#interval
  }

  /** Only at what is young: it is told when it has not changed for a while. */
  async #lookAgain(): Promise<void> {
    const session = await this.#connection.session()
    const { index } = this.#folder
    for (const paths of slices(this.#settling.paths, LOOKS)) {
      const began = index.now()
      const found = await Promise.all(paths.map((path) => stateOf(session, this.#folder, path)))
      await this.#folder.requireMarker(session)
      const now = performance.now()
      for (const [at, path] of paths.entries()) {
        const state = found[at]
        const token = state === undefined ? undefined : foundAt(path, state).token
        if (state === undefined || token === index.get(path) || index.wasWrittenSince(path, began))
          this.#settling.forget(path)
        else if (this.#settling.look(foundAt(path, state), now))
          this.#tell([updated(this.#folder, foundAt(path, state))])
      }
    }
  }

  /** Not waited for: contents have to be read for it. What could not be told is found again by the next listing. */
  #tell(changes: readonly Change[]): void {
    if (changes.length === 0) return
    const { index } = this.#folder
    for (const change of changes) {
      if (change.type === 'moved') index.delete(change.from.path)
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
  }

  readonly #problem = (path: string, code: string, reason: string): void => {
    const key = `${code} ${path}`
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#plug.problem(this.#folder.name, path, code, reason)
  }
}

function unexpected(error: unknown): OnituError {
  return new ServiceError('SFTP_FAILURE', `The folder cannot be listed: ${String(error)}`, { cause: error })
}

function slices<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, at) => values.slice(at * size, (at + 1) * size))
}
