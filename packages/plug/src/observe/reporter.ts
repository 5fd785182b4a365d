import { ignoredEvent, isOnituError, type OnituError } from '@onitu/protocol'
import type { DriverCalls } from '../call-driver.ts'
import type { Change, Seen } from '../contract.ts'
import type { Engine } from '../engine.ts'
import type { FileLocks } from '../file-locks.ts'
import { Limiter } from '../limiter.ts'
import { metadataOfRecord } from '../metadata.ts'
import { checkChange } from './check-change.ts'
import { hashContent } from './hash-content.ts'
import { firstSequence, readRecords, writePlan } from './outbox.ts'
import { type CheckedChange, fidsOf, planReport } from './plan-report.ts'

interface Waiting {
  readonly checked: CheckedChange
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** Changes of one batch in the database: large enough to spread the round trip, small enough to keep memory flat. */
const BATCH = 1_000
/** Bytes of contents that are read at the same time to know their hash. */
const READ_WEIGHT = 16 * 1024 * 1024
const READ_RETRY_FIRST = 1_000
const READ_RETRY_LONGEST = 300_000

/** Writes what the driver tells of into the outbox: gathered, in order for each file, and only what is new. */
export class Reporter {
  readonly #engine: Engine
  readonly #driver: DriverCalls
  readonly #locks: FileLocks
  /** Told which files have another record now. Called while they are still locked. */
  readonly #touched: (fids: Iterable<string>) => void
  #queue: Waiting[] = []
  #running = new Set<Promise<void>>()
  #loop: Promise<void> | undefined
  #reads = new Limiter(READ_WEIGHT)
  #sequence: number | undefined
  /** Counts the reports of a file, so that a delayed retry gives way to a newer report. */
  #newest = new Map<string, number>()
  #count = 0

  constructor(engine: Engine, driver: DriverCalls, locks: FileLocks, touched: (fids: Iterable<string>) => void) {
    this.#engine = engine
    this.#driver = driver
    this.#locks = locks
    this.#touched = touched
  }

  /** Before the first report. */
  async start(): Promise<void> {
    this.#sequence = await firstSequence(this.#engine)
  }

  /** Resolves when the changes are durable, or turn out to be known. */
  async report(changes: readonly Change[]): Promise<void> {
    const results: Promise<void>[] = []
    for (const change of changes) {
      const checked = this.#check(change)
      if (checked === undefined) continue
      results.push(new Promise<void>((done, failed) => this.#queue.push({ checked, done, failed })))
    }
    this.#loop ??= this.#run()
    await Promise.all(results)
  }

  /** Resolves when all that was reported so far is durable. */
  async idle(): Promise<void> {
    while (this.#loop !== undefined || this.#running.size > 0) {
      await Promise.all([this.#loop, ...this.#running])
    }
  }

  #check(change: Change): CheckedChange | undefined {
    const { folder, path } = change
    if (this.#engine.folders.has(folder) && !this.#engine.isAvailable(folder)) return undefined
    const check = checkChange(change, this.#engine.folders)
    if (check.type === 'accepted') return check.checked
    if (check.type === 'problem') this.#problem(folder, path, check.code, check.reason)
    return undefined
  }

  async #run(): Promise<void> {
    // What is told in the same tick is written together.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH)
      const { together, alone } = this.#divide(batch)
      for (const waiting of alone) this.#track(this.#process([waiting]))
      if (together.length > 0) await this.#process(together)
    }
    this.#loop = undefined
  }

  /** A file that is busy must not hold up the rest, nor may later changes of it overtake it. */
  #divide(batch: readonly Waiting[]): { together: Waiting[]; alone: Waiting[] } {
    const together: Waiting[] = []
    const alone: Waiting[] = []
    const behind = new Set<string>()
    for (const waiting of batch) {
      const fids = fidsOf(waiting.checked)
      if (fids.some((fid) => behind.has(fid) || this.#locks.isBusy(fid))) {
        alone.push(waiting)
        for (const fid of fids) behind.add(fid)
      } else together.push(waiting)
    }
    return { together, alone }
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked))
    this.#running.add(tracked)
  }

  async #process(batch: readonly Waiting[]): Promise<void> {
    const changes = batch.map(({ checked }) => checked)
    try {
      const fids = [...new Set(changes.flatMap(fidsOf))]
      const unread = await this.#locks.hold(fids, () => this.#write(changes, fids))
      // Contents that have to be read go on by themselves; those who reported wait for them.
      const later = unread.map((checked) => this.#readAndWrite(checked))
      const all = Promise.all(later)
      const settled = all.then(() => this.#settle(batch, undefined))
      this.#track(settled.catch((error: unknown) => this.#settle(batch, error)))
    } catch (error) {
      this.#settle(batch, error)
    }
  }

  #settle(batch: readonly Waiting[], error: unknown): void {
    for (const { done, failed } of batch) {
      if (error === undefined) done()
      else failed(error)
    }
  }

  /** Gives the changes that need reading first. The files are locked. */
  async #write(changes: readonly CheckedChange[], fids: readonly string[]): Promise<readonly CheckedChange[]> {
    const records = await readRecords(this.#engine, fids)
    const plan = planReport(changes, records, this.#sequence ?? 0)
    this.#sequence = plan.nextSequence
    for (const { fid } of changes) this.#newest.delete(fid)
    if (plan.records.size > 0) {
      await writePlan(this.#engine, plan)
      this.#touched(plan.records.keys())
    }
    return plan.unread
  }

  async #readAndWrite(checked: CheckedChange): Promise<void> {
    const fids = fidsOf(checked)
    await this.#locks.hold(fids, async () => {
      const read = await this.#read(checked, READ_RETRY_FIRST)
      if (read !== undefined) await this.#write([read], fids)
    })
  }

  /** The change with its hash; undefined when it is of no use any more, or has to be read later. */
  async #read(checked: CheckedChange, delay: number): Promise<CheckedChange | undefined> {
    const { change, fid } = checked
    if (change.type === 'deleted') return checked
    if (change.hash !== undefined || change.kind === 'directory') return checked
    const { chunkSize, signal, folders } = this.#engine
    // A write-only service is never read; what it reports would be ignored by the Referee anyway.
    if (folders.get(change.folder)?.mode === 'w') {
      this.#tellIgnored(change)
      return undefined
    }
    const weight = Math.min(change.size, chunkSize)
    try {
      const hash = await this.#reads.run(weight, () =>
        hashContent(this.#driver, metadataOfSeen(fid, change), change.token, chunkSize, signal),
      )
      return { ...checked, change: { ...change, hash } }
    } catch (error) {
      if (!isOnituError(error)) throw error
      if (error.code !== 'CHANGED') this.#readLater(checked, error, delay)
      return undefined
    }
  }

  #tellIgnored({ folder, path }: Seen): void {
    const { service, emit } = this.#engine
    emit(ignoredEvent('source', { reason: 'mode', mode: 'w' }, { service, folder, path }))
  }

  /** The driver has told of it and will not tell again, so reading is tried until it works or there is newer news. */
  #readLater(checked: CheckedChange, error: OnituError, delay: number): void {
    const { change, fid } = checked
    if (this.#engine.signal.aborted) return
    this.#problem(change.folder, change.path, error.code, error.message)
    const ticket = ++this.#count
    this.#newest.set(fid, ticket)
    this.#engine.clock.after(delay, () => {
      if (this.#newest.get(fid) !== ticket || this.#engine.signal.aborted) return
      this.#track(this.#retry(checked, Math.min(delay * 2, READ_RETRY_LONGEST)))
    })
  }

  async #retry(checked: CheckedChange, delay: number): Promise<void> {
    const fids = fidsOf(checked)
    try {
      await this.#locks.hold(fids, async () => {
        const read = await this.#read(checked, delay)
        if (read !== undefined) await this.#write([read], fids)
      })
    } catch (error) {
      this.#engine.warn(`Could not report ${JSON.stringify(checked.change.path)}`, error)
    }
  }

  #problem(folder: string, path: string, code: string, reason: string): void {
    this.#engine.emit({ type: 'file_problem', service: this.#engine.service, folder, path, code, reason })
  }
}

function metadataOfSeen(fid: string, seen: Seen) {
  return metadataOfRecord(fid, {
    folder: seen.folder,
    path: seen.path,
    kind: seen.kind ?? 'file',
    size: seen.size,
    hash: '',
    mtime: seen.mtime,
    mode: seen.mode ?? null,
    version: 0,
    token: seen.token,
    reported: 0,
    extra: seen.extra,
  })
}
