import type { BigIntStats } from 'node:fs'
import type { OfferedFile } from '@onitu/plug'
import { codeOf } from '../failure.ts'
import type { FoundChange } from '../messages.ts'
import { modeOf, mtimeOf, tokenOf } from '../token.ts'
import type { Found } from './differences.ts'
import type { Folder } from './folder.ts'
import { HashQueue, type Job, type Outcome } from './hash-queue.ts'
import { RacyFiles } from './racy-files.ts'

export interface ReadingHooks {
  report(changes: readonly FoundChange[]): void
  lookAgain(folder: Folder, path: string): void
  problem(folder: Folder, path: string, code: string, reason: string): void
  offer(file: OfferedFile, from: string): Promise<string | undefined>
}

export interface Unsteady {
  readonly attempts: number
  readonly changedAt: number
}

/** ms until a file that could not be read is tried again. */
const RETRY = 30_000
/** The clock of file times may be behind that of the process by so many ms. */
const CLOCK_LAG = 20

/** From a file that was found to a report with its hash: reads, looks again if it changed meanwhile, and tells of what cannot be read. */
export class Reading {
  readonly #hooks: ReadingHooks
  readonly #queue: HashQueue
  readonly #racy = new RacyFiles()
  /** Files that changed while they were read -> how often, and when they last did. */
  readonly #unsteady = new Map<string, Unsteady>()
  /** Files that could not be read -> code, so that each is told once. */
  readonly #unreadable = new Map<string, string>()
  readonly #retries = new Set<NodeJS.Timeout>()

  constructor(hooks: ReadingHooks) {
    this.#hooks = hooks
    this.#queue = new HashQueue(
      (outcomes) => this.#read(outcomes),
      (job) => this.#offer(job),
    )
  }

  get size(): number {
    return this.#queue.size
  }

  /** Whether a change made before `time` (ms) is still on its way to its report. Changes made later do not count: a file may be written for ever. */
  hasChangedBefore(time: number): boolean {
    const limit = time + CLOCK_LAG
    for (const { changedAt } of this.#unsteady.values()) if (changedAt <= limit) return true
    for (const { changedAt } of this.#queue.jobs()) if (changedAt <= limit) return true
    return false
  }

  add(file: Omit<Found, 'folder'>): void {
    const { in: folder, ...state } = file
    const key = keyOf(folder, file.path)
    const attempts = this.#unsteady.get(key)?.attempts ?? 0
    this.#queue.add({ ...state, folder, attempts })
    if (attempts > 0) this.#unsteady.set(key, { attempts, changedAt: Number.POSITIVE_INFINITY })
  }

  /** Before a look: the files that wait for it, because they changed while they were read. */
  waitingForLook(): ReadonlyMap<string, Unsteady> {
    return new Map(this.#unsteady)
  }

  /** After that look: what was not found by it (it is gone, or no file any more) is not waited for. */
  looked(waiting: ReadonlyMap<string, Unsteady>): void {
    for (const [key, unsteady] of waiting) if (this.#unsteady.get(key) === unsteady) this.#unsteady.delete(key)
  }

  /**
   * A look at a file whose token is the one in the index: nothing new, unless it was not reported yet and nothing waits to do so, or the
   * change came too soon after the last one to show in the token.
   */
  verify(folder: Folder, path: string, stat: BigIntStats): void {
    if (this.#queue.has(folder, path)) return
    const token = tokenOf(stat)
    if (folder.reported(path) === token && !this.#racy.has(folder, path)) return
    const times = { mtime: mtimeOf(stat), changedAt: Number(stat.ctimeMs) }
    this.add({ in: folder, path, token, size: Number(stat.size), mode: modeOf(stat), ...times })
  }

  cancel(folder: Folder, path: string): void {
    this.#unsteady.delete(keyOf(folder, path))
    this.#queue.cancel(folder, path)
  }

  cancelFolder(folder: Folder): void {
    for (const key of this.#unsteady.keys()) if (key.startsWith(`${folder.name}\0`)) this.#unsteady.delete(key)
    this.#queue.cancelFolder(folder)
  }

  async close(): Promise<void> {
    for (const timer of this.#retries) clearTimeout(timer)
    this.#retries.clear()
    await this.#queue.close()
  }

  #offer({ folder, path, size, mtime, mode }: Job): Promise<string | undefined> {
    return this.#hooks.offer({ folder: folder.name, path, size, mtime, mode }, folder.absolute(path))
  }

  #read(outcomes: readonly Outcome[]): void {
    const changes: FoundChange[] = []
    for (const outcome of outcomes) {
      if ('hash' in outcome) changes.push(this.#known(outcome.job, outcome.hash, outcome.readAt))
      else if ('changed' in outcome) this.#changed(outcome.job)
      else this.#failed(outcome.job, outcome.error)
    }
    if (changes.length > 0) this.#hooks.report(changes)
  }

  #known(job: Job, hash: string, readAt: number): FoundChange {
    const { folder, path, size, mtime, mode, token } = job
    this.#racy.note(folder, path, mtime, readAt)
    folder.told(path, token)
    this.#unsteady.delete(keyOf(folder, path))
    this.#unreadable.delete(keyOf(folder, path))
    return { type: 'updated', folder: folder.name, path, size, mtime, mode, token, hash }
  }

  #changed(job: Job): void {
    this.#unsteady.set(keyOf(job.folder, job.path), { attempts: job.attempts + 1, changedAt: job.changedAt })
    this.#hooks.lookAgain(job.folder, job.path)
  }

  #failed(job: Job, error: unknown): void {
    const { folder, path } = job
    const key = keyOf(folder, path)
    const code = codeOf(error)
    if (code === undefined) throw error
    this.#unsteady.delete(key)
    if (this.#unreadable.get(key) !== code) {
      this.#unreadable.set(key, code)
      this.#hooks.problem(folder, path, code, error instanceof Error ? error.message : code)
    }
    const timer = setTimeout(() => {
      this.#retries.delete(timer)
      this.#hooks.lookAgain(folder, path)
    }, RETRY).unref()
    this.#retries.add(timer)
  }
}

function keyOf(folder: Folder, path: string): string {
  return `${folder.name}\0${path}`
}
