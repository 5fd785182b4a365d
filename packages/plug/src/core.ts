import type { Change, Handlers, HistoryEntry } from './contract.ts'
import { DriverCalls } from './driver/driver-calls.ts'
import type { Engine } from './engine.ts'
import { FileLocks } from './file-locks.ts'
import { ChangeReader } from './observe/read-change.ts'
import { Reporter } from './observe/reporter.ts'
import { OrderCommits } from './orders/order-commits.ts'
import { OrderQueue } from './orders/order-queue.ts'
import type { ReceiveTools } from './orders/receive-file.ts'
import { Progress } from './progress.ts'
import { restoreFile } from './restore/restore-file.ts'
import { ContentProvider } from './transfer/answer-content.ts'
import { ContentSearch } from './transfer/content-search.ts'
import { EarlyUploads } from './transfer/early-uploads.ts'
import { Journals } from './transfer/journals.ts'
import type { Offer, Restore } from './transfer/messages.ts'
import { offerFile } from './transfer/offer-file.ts'
import { RecentContents } from './transfer/recent-contents.ts'
import type { Peers } from './transfer/source.ts'
import { findStaging, ownStaging } from './transfer/staging.ts'
import { readTopology, type Topology } from './transfer/topology.ts'

const TOPOLOGY_AGE = 30_000
const PROPOSED_CHUNK_SIZE = 1024 * 1024

/**
 * The parts of a Plug that work together, without sockets: `Service` runs them in a process of its own, a simulation many
 * of them in one, under a clock and a database of its own.
 */
export class Core {
  readonly reporter: Reporter
  /** Gives contents to the Plugs of other services. */
  readonly provider: ContentProvider
  /** Uploads what other services offer. */
  readonly early: EarlyUploads
  readonly #engine: Engine
  readonly #driver: DriverCalls
  readonly #tools: ReceiveTools
  readonly #queue: OrderQueue
  readonly #recent: RecentContents
  readonly #journals: Journals
  readonly #peers: Peers
  readonly #progress: Progress
  #topology: { readonly at: number; readonly value: Promise<Topology> } | undefined

  constructor(engine: Engine, handlers: Partial<Handlers>, peers: Peers) {
    this.#engine = engine
    this.#peers = peers
    this.#driver = new DriverCalls(handlers, engine.capabilities, engine.clock, (changes) => this.#late(changes))
    this.#recent = new RecentContents(engine.clock)
    this.provider = new ContentProvider(engine, this.#driver, this.#recent)
    this.#journals = new Journals(engine)
    this.#progress = new Progress(engine, () => this.#queue.load())
    const locks = new FileLocks()
    const staging = (folder: string) => findStaging(engine, peers, folder)
    const reader = new ChangeReader(engine, this.#driver, { recent: this.#recent, staging })
    this.reporter = new Reporter(engine, reader, locks, (fids) => this.#queue.touched(fids))
    const shared = { engine, driver: this.#driver, locks, journals: this.#journals, progress: this.#progress }
    this.early = new EarlyUploads(shared)
    this.#tools = {
      ...shared,
      early: this.early,
      commits: new OrderCommits(engine),
      peers,
      local: this.provider,
      topology: (maxAge) => this.#readTopology(maxAge),
      search: new ContentSearch(engine),
      whileChanging: (fid, change, how) => this.reporter.whileChanging(fid, change, how),
      touched: (fids) => this.#queue.touched(fids),
      report: (changes, how) => this.reporter.report(changes, how),
      reportLocked: (change) => this.reporter.reportLocked(change),
    }
    this.#queue = new OrderQueue(this.#tools, this.reporter)
  }

  /** Before the driver starts: it may report at once. */
  async prepare(): Promise<void> {
    await Promise.all([this.reporter.start(), this.#journals.load()])
  }

  /** Before contents are given or orders carried out. */
  async agreeOnChunks(proposed: number | undefined): Promise<void> {
    this.#engine.chunkSize = await this.#driver.setChunkSize(proposed ?? PROPOSED_CHUNK_SIZE)
  }

  /** Carries out orders from here on. */
  start(): Promise<void> {
    this.early.start()
    return this.#queue.start()
  }

  /** There is an order for this file, or there was. */
  wake(fid: string): void {
    this.#queue.wake(fid)
  }

  /** Wake-ups may have been lost. */
  sweep(): void {
    this.#queue.sweep().catch((error: unknown) => this.#engine.warn('Looking for orders failed', error))
  }

  /** A folder can be reached again. */
  resume(): void {
    this.#queue.resume()
    this.sweep()
  }

  /** Resolves when all that had changed in the service before is in the outbox, but for what cannot be read. */
  async catchUp(signal: AbortSignal): Promise<void> {
    await this.#driver.catchUp(signal)
    this.reporter.readUnread()
    await this.reporter.idle()
  }

  /** Which of the contents are in the history of a folder. Of one that cannot be reached nothing is known. */
  async listHistory(folder: string, hashes: readonly string[], signal: AbortSignal): Promise<readonly HistoryEntry[]> {
    if (!this.#engine.folders.has(folder) || !this.#engine.isAvailable(folder)) return []
    return this.#driver.reads.listHistory(folder, hashes, signal)
  }

  /** Resolves when a former content is back at its path, as a change of this service. */
  restore(restore: Restore, signal: AbortSignal): Promise<void> {
    return restoreFile(this.#tools, restore, signal)
  }

  /** Where others may put aside what this service will get in a folder; undefined: nowhere. */
  stagingDirectory(folder: string): Promise<string | undefined> {
    return ownStaging(this.#engine, this.#driver, folder)
  }

  /** A large file of this machine that nobody was told of: see DriverPlug.offerFile. */
  offerFile(offer: Offer): Promise<string | undefined> {
    return offerFile(this.#engine, this.#peers, offer)
  }

  /** The driver says that a call, or all of them, goes on. */
  atWork(signal: AbortSignal | undefined): void {
    this.#driver.atWork(signal)
  }

  counters() {
    return this.#progress.counters()
  }

  /** After nothing wakes it or asks it for contents any more. */
  async close(): Promise<void> {
    await this.#queue.close()
    await this.early.close()
    await this.reporter.idle()
    this.#recent.clear()
    await this.#peers.close()
    await this.#driver.close()
  }

  /** What is there now may be something else by then: it is looked at. */
  #late(changes: readonly Change[]): void {
    if (this.#engine.signal.aborted) return
    this.reporter.report(changes, { isDoubted: true }).catch((error: unknown) => {
      if (!this.#engine.signal.aborted) this.#engine.warn('What a slow call has done could not be noted', error)
    })
  }

  /** The setup does not change while the session runs, but a service may be added by starting it again. */
  #readTopology(maxAge = TOPOLOGY_AGE): Promise<Topology> {
    const now = this.#engine.clock.elapsed()
    if (this.#topology === undefined || now - this.#topology.at > maxAge) {
      const value = readTopology(this.#engine.db)
      this.#topology = { at: now, value }
      value.catch(() => {
        this.#topology = undefined
      })
    }
    return this.#topology.value
  }
}
