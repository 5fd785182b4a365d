import type { Change } from '../contract.ts'
import type { Engine } from '../engine.ts'
import type { FileLocks } from '../file-locks.ts'
import { Gatherer } from '../gatherer.ts'
import { untilAnswered } from '../until-answered.ts'
import { checkChange } from './check-change.ts'
import { type CheckedChange, doubtBoth, fidsOf } from './checked-change.ts'
import { ContentReads } from './content-reads.ts'
import { divideByFiles } from './divide-by-files.ts'
import { firstSequence, lastVersion, readRecords, writePlan } from './outbox.ts'
import { planReport } from './plan-report.ts'
import type { ChangeReader } from './read-change.ts'
import { type HowItChanges, ToldBefore } from './told-before.ts'
import { type Held, whatStillCounts } from './what-still-counts.ts'

interface Waiting extends Held {
  isOld?: true
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

interface Read {
  readonly checked: CheckedChange
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

/** Changes of one batch in the database: large enough to spread the round trip, small enough to keep memory flat. */
const BATCH = 1_000
/** Of the first one, each next one is twice as large: contents are on their way while others are looked up. */
const FIRST = 50

/** Writes what the driver tells of into the outbox: gathered, in order for each file, and only what is new. */
export class Reporter {
  readonly #engine: Engine
  readonly #locks: FileLocks
  readonly #reader: ChangeReader
  /** Told which files have another record now. Called while they are still locked. */
  readonly #touched: (fids: Iterable<string>) => void
  #queue: Waiting[] = []
  readonly #told = new ToldBefore()
  /** Read, and to be written. Their files are locked. */
  readonly #readyToWrite: Gatherer<Read>
  /** Told of, and not durable yet. */
  #undone = new Set<CheckedChange>()
  #running = new Set<Promise<void>>()
  #loop: Promise<void> | undefined
  #sequence: number | undefined
  /** The last version that there was when this started. */
  #versionAtStart = 0
  readonly #reads: ContentReads

  constructor(engine: Engine, reader: ChangeReader, locks: FileLocks, touched: (fids: Iterable<string>) => void) {
    this.#engine = engine
    this.#locks = locks
    this.#reader = reader
    this.#touched = touched
    this.#reads = new ContentReads(engine, reader, locks, {
      write: async (checked) => void (await this.#write([checked], fidsOf(checked))),
      problem: (folder, path, code, reason) => this.#problem(folder, path, code, reason),
      track: (task) => this.#track(task),
    })
    this.#readyToWrite = new Gatherer(engine.clock, (ready) => this.#writeReady(ready))
  }

  /** Before the first report. */
  async start(): Promise<void> {
    ;[this.#sequence, this.#versionAtStart] = await Promise.all([
      firstSequence(this.#engine),
      lastVersion(this.#engine),
    ])
  }

  /** Resolves when the changes are durable, or turn out to be known. `isDoubted`: something else may be there by now. */
  async report(changes: readonly Change[], { isDoubted = false } = {}): Promise<void> {
    const results: Promise<void>[] = []
    for (const change of changes) {
      const accepted = this.#check(change)
      if (accepted === undefined) continue
      const checked = isDoubted ? doubtBoth(accepted) : accepted
      this.#undone.add(checked)
      results.push(
        new Promise<void>((done, failed) =>
          this.#wait({
            checked,
            done,
            failed,
            overtaken: new Set(),
            during: new Set(),
            last: new Set(),
            made: new Set(),
          }),
        ),
      )
    }
    this.#loop ??= this.#run()
    await Promise.all(results)
  }

  /**
   * Of files that the caller has locked: what is told of them by anybody else comes later. What is there is looked at first, since something else may be there by
   * now; if that fails it is done later, as for every report.
   */
  async reportLocked(change: Change): Promise<void> {
    const accepted = this.#check(change)
    if (accepted === undefined) return
    const told = doubtBoth(accepted)
    for (const unread of await this.#write([told], fidsOf(told))) {
      const read = await this.#reads.read(unread)
      if (read !== undefined) await this.#write([read], fidsOf(read))
    }
  }

  /** Resolves when all that was reported so far is durable. */
  async idle(): Promise<void> {
    while (this.#loop !== undefined || this.#running.size > 0) {
      await Promise.all([this.#loop, ...this.#running])
    }
  }

  /** Has all that could not be read so far read now. What fails again is read later, and keeps nobody waiting. */
  readUnread(): void {
    this.#reads.retryAll()
  }

  /** Has an order change a file. */
  whileChanging<T>(fid: string, change: () => Promise<T>, how?: HowItChanges): Promise<T> {
    return this.#told.change(fid, change, how)
  }

  /** Above the numbers of all observations that are durable. */
  get nextSequence(): number {
    return this.#sequence ?? 0
  }

  /** Whether something that was told of below a directory is not durable yet. */
  isBusyBelow(folder: string, path: string): boolean {
    const isBelow = (place: { folder: string; path: string }) =>
      place.folder === folder && place.path.startsWith(`${path}/`)
    for (const { change } of this.#undone) {
      if (isBelow(change) || (change.type === 'moved' && isBelow(change.from))) return true
    }
    return false
  }

  #check(change: Change): CheckedChange | undefined {
    const { folder, path } = change
    const engine = this.#engine
    const isOut = !engine.isAvailable(folder) && engine.isUndecided?.(folder) !== true
    if (engine.folders.has(folder) && isOut) return undefined
    const check = checkChange(change, this.#engine.folders)
    if (check.type === 'accepted') return { ...check.checked, ...this.#factsAbout(folder) }
    if (check.type === 'problem') this.#problem(folder, path, check.code, check.reason)
    return undefined
  }

  #wait(waiting: Waiting): void {
    this.#queue.push(waiting)
    this.#told.add(waiting)
  }

  #factsAbout(folder: string): Pick<CheckedChange, 'isUnheard' | 'isFlat' | 'unnotedUntil' | 'isProvable'> {
    const { folders, capabilities } = this.#engine
    return {
      ...(this.#reader.canProveDirectories && { isProvable: true }),
      ...(folders.get(folder)?.mode === 'w' && { isUnheard: true }),
      ...(!capabilities.directories && { isFlat: true, unnotedUntil: this.#versionAtStart }),
    }
  }

  async #run(): Promise<void> {
    // What is told in the same tick is written together.
    await Promise.resolve()
    for (let size = FIRST; this.#queue.length > 0; size = Math.min(size * 2, BATCH)) {
      const batch = this.#queue.splice(0, size)
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
        waiting.isOld = true
        for (const fid of fids) behind.add(fid)
      } else together.push(waiting)
    }
    return { together, alone }
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked))
    this.#running.add(tracked)
  }

  /**
   * What needs reading keeps its files until it is written, so that a later report of them, which may be in line already,
   * does not overtake it. Contents are read while others go on; those who reported wait for them.
   */
  async #process(batch: readonly Waiting[]): Promise<void> {
    const fids = [...new Set(batch.flatMap(({ checked }) => fidsOf(checked)))]
    const release = await this.#locks.acquire(fids)
    try {
      const changes = batch.flatMap((waiting) => this.#current(waiting))
      const unread = await this.#write(changes, fids)
      // What is doubted may be older than what still waits to be read.
      const sure = changes.filter(({ isDoubted }) => isDoubted !== true)
      for (const fid of sure.flatMap(fidsOf)) this.#reads.forget(fid)
      const kept = new Set(unread.flatMap(fidsOf))
      release(fids.filter((fid) => !kept.has(fid)))
      const later = divideByFiles(unread).map((part) =>
        this.#readAndWrite(part).finally(() => release(part.flatMap(fidsOf))),
      )
      const settled = Promise.all(later).then(() => this.#settle(batch, undefined))
      this.#track(settled.catch((error: unknown) => this.#settle(batch, error)))
    } catch (error) {
      release()
      this.#settle(batch, error)
    }
  }

  #current(waiting: Waiting): CheckedChange[] {
    this.#told.remove(waiting)
    return whatStillCounts(waiting, this.#reader.canRely)
  }

  #settle(batch: readonly Waiting[], error: unknown): void {
    for (const { checked, done, failed } of batch) {
      this.#undone.delete(checked)
      if (error === undefined) done()
      else failed(error)
    }
  }

  /** Gives the changes that need reading first. The files are locked. */
  async #write(changes: readonly CheckedChange[], fids: readonly string[]): Promise<readonly CheckedChange[]> {
    const records = await untilAnswered(this.#engine, () => readRecords(this.#engine, fids))
    const plan = planReport(changes, records, this.#sequence ?? 0)
    this.#sequence = plan.nextSequence
    if (plan.records.size > 0) {
      await writePlan(this.#engine, plan)
      this.#touched(plan.records.keys())
    }
    return plan.unread
  }

  /** Changes that touch the same files, one after the other. The files are locked. */
  async #readAndWrite(changes: readonly CheckedChange[]): Promise<void> {
    for (const checked of changes) {
      const read = await this.#readNew(checked)
      if (read !== undefined) await this.#writeSoon(read)
    }
  }

  /** A large content takes long: the others do not wait for it. */
  #readNew(checked: CheckedChange): Promise<CheckedChange | undefined> {
    const { change } = checked
    const read = () => this.#reads.read(checked)
    const isLarge = change.type !== 'deleted' && change.size > this.#engine.chunkSize
    return isLarge ? read() : this.#readyToWrite.expect(read)
  }

  #writeSoon(checked: CheckedChange): Promise<void> {
    return new Promise((done, failed) => this.#readyToWrite.add({ checked, done, failed }))
  }

  async #writeReady(ready: readonly Read[]): Promise<void> {
    const changes = ready.map(({ checked }) => checked)
    try {
      await this.#write(changes, [...new Set(changes.flatMap(fidsOf))])
      for (const { done } of ready) done()
    } catch (error) {
      for (const { failed } of ready) failed(error)
    }
  }

  #problem(folder: string, path: string, code: string, reason: string): void {
    this.#engine.emit({ type: 'file_problem', service: this.#engine.service, folder, path, code, reason })
  }
}
