import { existsSync, linkSync, lstatSync, renameSync, rmSync, statfsSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HistoryEntry, HistoryLimits, KeptContent } from '@onitu/plug'
import { codeOf, Failure, isAbsent } from '../failure.ts'
import { entryPlace } from '../history/entry-name.ts'
import { type HistoryTotal, howManyGo } from '../history/retention.ts'
import { CONTROL_DIRECTORY, HISTORY_DIRECTORY, split } from '../paths.ts'
import { tokenOf } from '../token.ts'
import { daysOf, filesOf, findKept, type KeptFile, putInto, removeIfEmpty, sizeOf } from './history-files.ts'
import { place } from './place.ts'

/** Files removed before others get their turn. */
const STEP = 200
/** ms from the moment in which there is too much until it is cleaned: what comes together is cleaned together. */
const CLEAN_DELAY = 1000
const FULL = new Set(['ENOSPC', 'EDQUOT'])
/** Bytes to free when the history itself does not get a directory. */
const ROOM_FOR_NAMES = 64 * 1024

/**
 * The contents that orders replaced or deleted in a folder, in `.onitu/history`, below which nothing is ever watched or synced. They
 * get there by link() and rename(), so nothing is copied. To keep them is a service to the user, not a condition: an order
 * is carried out also where it cannot be done, and what is new goes before what is old when the disk is full.
 */
export class FolderHistory {
  readonly #control: string
  readonly #directory: string
  readonly #limits: HistoryLimits | undefined
  readonly #warn: (message: string) => void
  /** Codes of failures that were told. */
  readonly #told = new Set<string>()
  /** Bytes; too many before they were counted, so that they are. */
  #size = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #cleaning: Promise<void> = Promise.resolve()

  /** `root`: absolute. Without limits nothing is kept, and what was kept before is left alone. */
  constructor(root: string, limits: HistoryLimits | undefined, warn: (message: string) => void) {
    this.#control = `${root}/${CONTROL_DIRECTORY}`
    this.#directory = `${this.#control}/${HISTORY_DIRECTORY}`
    this.#limits = limits
    this.#warn = warn
  }

  /**
   * Just before a file is replaced: gives it a second name, and that name; undefined when it cannot be kept. What has the
   * second name is looked at, so a change of the last moment is not missed.
   * @throws Failure (conflict) when the file has not the state `token` any more
   */
  keepReplaced(absolute: string, token: string, content: KeptContent | undefined): string | undefined {
    const entry = this.#keep(absolute, content, linkSync)
    if (entry === undefined || hasToken(entry, token)) return entry
    this.forget(entry)
    throw changedMeanwhile(absolute)
  }

  /** The file was not replaced after all. */
  forget(entry: string | undefined): void {
    if (entry !== undefined) rmSync(entry, { force: true })
  }

  /**
   * Instead of deleting a file. False when it was not kept, and is still there.
   * @throws Failure (conflict) as above; the file is back then
   */
  keepDeleted(absolute: string, token: string, content: KeptContent | undefined): boolean {
    const entry = this.#keep(absolute, content, renameSync)
    if (entry === undefined) return false
    if (hasToken(entry, token)) return true
    putBack(entry, absolute)
    throw changedMeanwhile(absolute)
  }

  /** What is kept of these contents, in no useful order. */
  async list(hashes: ReadonlySet<string>): Promise<HistoryEntry[]> {
    const found: HistoryEntry[] = []
    for (const day of daysOf(this.#directory)) {
      const files = filesOf(this.#directory, day).filter(({ hash }) => hashes.has(hash))
      found.push(...files.map(({ hash, size, since }) => ({ hash, size, since })))
      await nextTurn()
    }
    return found
  }

  find(hash: string): KeptFile[] {
    return findKept(this.#directory, hash)
  }

  /** Does what may find the disk full; the history gives way to it. `needed`: bytes still to be written. `work` may be called again. */
  withRoom<R>(needed: () => number, work: () => R): R {
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (!FULL.has(codeOf(error) ?? '') || !this.#makeRoom(needed())) throw error
      }
    }
  }

  /** Removes what is too old or too much. One call after the other. */
  clean(now: number): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#cleaning = this.#cleaning.then(() => this.#clean(now))
    return this.#cleaning
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  /** Gives the place in the history, or undefined if the content cannot be kept. */
  #keep(
    absolute: string,
    content: KeptContent | undefined,
    put: (from: string, to: string) => void,
  ): string | undefined {
    if (this.#limits === undefined || content === undefined) return undefined
    const at = entryPlace(Date.now(), content, split(absolute).name)
    if (at === undefined) return undefined
    const entry = `${this.#directory}/${at.day}/${at.file}`
    try {
      const putEntry = () => put(absolute, entry)
      this.withRoom(
        () => ROOM_FOR_NAMES,
        () => putInto(entry, putEntry),
      )
      this.#added(content.size)
      return entry
    } catch (error) {
      if (isAbsent(error) && !existsSync(absolute)) throw changedMeanwhile(absolute)
      this.#failed(`The content of ${absolute} cannot be kept, as maybe others; changes are carried out without`, error)
      return undefined
    }
  }

  #failed(message: string, error: unknown): void {
    const code = codeOf(error)
    if (code === undefined) throw error
    if (!this.#told.has(code)) this.#warn(`${message} (${code})`)
    this.#told.add(code)
  }

  #added(size: number): void {
    const most = this.#limits?.size ?? null
    if (most === null) return
    this.#size += size
    if (this.#size > most) this.#timer ??= setTimeout(() => this.clean(Date.now()), CLEAN_DELAY).unref()
  }

  async #clean(now: number): Promise<void> {
    if (this.#limits === undefined) return
    try {
      let total = await this.#count()
      for (const day of daysOf(this.#directory)) {
        const files = filesOf(this.#directory, day)
        const going = files.slice(0, howManyGo(files, total, this.#limits, now))
        await this.#remove(going, day)
        total = { count: total.count - going.length, size: total.size - sizeOf(going) }
        if (going.length < files.length) break
      }
      removeIfEmpty(this.#directory)
      this.#size = total.size
    } catch (error) {
      this.#failed(`Cleaning ${this.#directory} failed`, error)
    }
  }

  async #count(): Promise<HistoryTotal> {
    let count = 0
    let size = 0
    for (const day of daysOf(this.#directory)) {
      const files = filesOf(this.#directory, day)
      count += files.length
      size += sizeOf(files)
      await nextTurn()
    }
    return { count, size }
  }

  async #remove(files: readonly KeptFile[], day: string): Promise<void> {
    for (const [at, { path }] of files.entries()) {
      if (at % STEP === 0) await nextTurn()
      rmSync(path, { force: true })
    }
    removeIfEmpty(`${this.#directory}/${day}`)
  }

  /** The oldest go. False when all that is kept would not be enough, or nothing is left. */
  #makeRoom(needed: number): boolean {
    const days = daysOf(this.#directory)
    const all = days.flatMap((day) => filesOf(this.#directory, day))
    const { bavail, bsize } = statfsSync(this.#control)
    let free = bavail * bsize
    if (all.length === 0 || sizeOf(all) + free < needed) return false
    for (const { path, size } of all) {
      rmSync(path, { force: true })
      free += size
      if (free >= needed) break
    }
    for (const day of days) removeIfEmpty(`${this.#directory}/${day}`)
    return true
  }
}

/** What a user has put there by now stays, and the other content stays in the history. */
function putBack(entry: string, absolute: string): void {
  try {
    place(entry, absolute, true)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function hasToken(path: string, token: string): boolean {
  return tokenOf(lstatSync(path, { bigint: true })) === token
}

function changedMeanwhile(absolute: string): Failure {
  return new Failure('conflict', 'CONFLICT', `"${absolute}" has changed meanwhile, it is left as it is`)
}
