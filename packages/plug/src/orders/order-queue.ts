import { keys, lastPart } from '@onitu/protocol'
import { Limiter } from '../limiter.ts'
import { Backlog } from './backlog.ts'
import { carryOut, deleteOrKeep, isNotEmpty, type Job, type Outcome } from './carry-out.ts'
import { dropOrphan } from './drop-orphan.ts'
import { Failures } from './failures.ts'
import { GivenBack, type Reports } from './given-back.ts'
import { type LoadedOrder, loadOrderBytes } from './load-orders.ts'
import { OrderTask } from './order-task.ts'
import { indexLoaded, planLoaded } from './plan-loaded.ts'
import type { OrderPlan } from './plan-order.ts'
import { readTasks } from './read-tasks.ts'
import { type ReceiveTools, receiveFile } from './receive-file.ts'

/** Orders that are read in one go, and that may be in the works before more are read. */
const LOAD_AT_ONCE = 256
const ACTIVE_LIMIT = 1024
/** Bytes of small files in flight, and what each counts at least: some hundreds at a time, so that while some are on their
 * way others are written, flushed and committed. */
const SMALL_WEIGHT = 8 * 1024 * 1024
const LEAST_WEIGHT = SMALL_WEIGHT / 512
const LARGE_AT_ONCE = 3
const SWEEP_INTERVAL = 30_000

type WorkPlan = Exclude<OrderPlan, { do: 'wait' | 'reread' }>

/**
 * Carries out the orders of a service. A wake-up or a sweep names files; each is read, planned, and then done, put off
 * until something else is done, or tried again later. The orders themselves stay in the database until they are done.
 */
export class OrderQueue {
  readonly #tools: ReceiveTools
  readonly #failures: Failures
  readonly #backlog: Backlog
  readonly #givenBack: GivenBack
  #active = new Map<string, OrderTask>()
  /** The large files among the active ones, as they were planned. */
  #large = new Map<string, Job>()
  #small = new Limiter(SMALL_WEIGHT)
  #pumping: Promise<void> | undefined
  #sweeping: Promise<number> | undefined
  #running = new Set<Promise<void>>()
  /** Before the failures are known nothing is carried out: what is recorded of them goes away with the orders. */
  #started = false
  #stopped = false

  constructor(tools: ReceiveTools, reports: Reports) {
    this.#tools = tools
    this.#givenBack = new GivenBack(tools.engine, reports)
    this.#failures = new Failures(tools.engine)
    const { clock } = tools.engine
    this.#backlog = new Backlog(
      clock,
      (fid) => this.#active.has(fid),
      () => this.#pumpSoon(),
    )
  }

  async start(): Promise<void> {
    await this.#failures.load()
    this.#started = true
    this.#pumpSoon()
    await this.sweep()
    // What a process before this one left and no order asks for any more.
    for (const fid of [...this.#tools.journals.fids(), ...this.#failures.fids()]) this.#backlog.want(fid)
    this.#sweepLater()
  }

  /** Cheap to repeat: an order that is not there, or is being carried out already, costs next to nothing. */
  wake(fid: string): void {
    const task = this.#active.get(fid)
    if (task === undefined) this.#backlog.want(fid)
    else {
      task.again = true
      const job = this.#large.get(fid)
      if (job !== undefined) this.#track(this.#checkOrder(job))
    }
  }

  /** The service holds something else now: what was planned on the old record is given up. */
  touched(fids: Iterable<string>): void {
    for (const fid of fids) this.#active.get(fid)?.invalidate('The file has changed in the service')
  }

  /** Looks for orders of which the wake-up was lost; gives how many were not known. */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#sweepOnce().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  /** A folder can be reached again. */
  resume(): void {
    this.#backlog.resume()
  }

  load(): { active: number; waiting: number } {
    return { active: this.#active.size, waiting: this.#backlog.size }
  }

  /** Finishes what is small, gives up what is large (it resumes), starts nothing new. */
  async close(): Promise<void> {
    this.#stopped = true
    this.#backlog.close()
    for (const { task } of this.#large.values()) task.invalidate('The service is closing')
    while (this.#running.size > 0 || this.#pumping !== undefined) {
      await Promise.all([this.#pumping, ...this.#running])
    }
  }

  async #sweepOnce(): Promise<number> {
    const { db, service } = this.#tools.engine
    let found = 0
    for await (const key of db.keys({ prefix: keys.orderPrefix(service) })) {
      const fid = lastPart(key)
      if (this.#active.has(fid) || this.#backlog.has(fid)) continue
      found += 1
      this.#backlog.want(fid)
    }
    return found
  }

  #sweepLater(): void {
    const { clock, warn, signal } = this.#tools.engine
    clock.after(SWEEP_INTERVAL, () => {
      if (this.#stopped || signal.aborted) return
      const sweep = this.sweep().then(
        () => this.#sweepLater(),
        (error: unknown) => {
          warn('Looking for orders failed, it is repeated', error)
          this.#sweepLater()
        },
      )
      this.#track(sweep)
    })
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked))
    this.#running.add(tracked)
  }

  #canPump(): boolean {
    return this.#started && !this.#stopped && this.#backlog.wanted > 0 && this.#active.size < ACTIVE_LIMIT
  }

  #pumpSoon(): void {
    if (!this.#canPump()) return
    this.#tools.progress.changed()
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined
      this.#pumpSoon()
    })
  }

  async #pump(): Promise<void> {
    // Wake-ups that have come already are read together.
    await new Promise<void>((resolve) => this.#tools.engine.clock.soon(resolve))
    while (this.#canPump()) {
      const tasks = this.#backlog.take(LOAD_AT_ONCE).map((fid) => new OrderTask(fid))
      // Active before they are read: a change of the record from now on makes them stale.
      for (const task of tasks) this.#active.set(task.fid, task)
      await this.#begin(tasks)
    }
  }

  async #begin(tasks: readonly OrderTask[]): Promise<void> {
    const { read, unread } = await readTasks(this.#tools.engine, tasks)
    for (const task of unread) this.#waitLonger(task)
    const givenBack = await this.#givenBack.waiting(read.values())
    for (const loaded of read.values()) indexLoaded(this.#backlog.paths, loaded)
    for (const task of tasks) {
      const loaded = read.get(task.fid)
      if (loaded !== undefined) this.#dispatch(task, loaded, givenBack.has(task.fid))
      else if (!unread.has(task)) this.#track(this.#endGone(task))
    }
  }

  #dispatch(task: OrderTask, loaded: LoadedOrder, isSettling: boolean): void {
    const plan = planLoaded(this.#tools, this.#backlog.paths, loaded, isSettling)
    const { head } = loaded
    const { engine } = this.#tools
    if (task.stale || plan.do === 'reread' || head === undefined) this.#waitLonger(task)
    else if (!engine.isAvailable(head.folder)) this.#putOff(task, () => this.#backlog.setAside(task.fid))
    else if (plan.do === 'wait') this.#putOff(task, () => this.#waitFor(task.fid, head.folder, head.path, plan))
    else {
      const isLarge = plan.do === 'fetch' && head.size > engine.chunkSize
      if (isLarge && this.#large.size >= LARGE_AT_ONCE) {
        this.#putOff(task, () => this.#backlog.park(task.fid))
        return
      }
      const job: Job = { task, loaded, head, failed: this.#failures.isRecorded(task.fid) }
      if (isLarge) this.#large.set(task.fid, job)
      this.#track(this.#perform(job, plan))
    }
  }

  #waitFor(fid: string, folder: string, path: string, plan: Extract<OrderPlan, { do: 'wait' }>): void {
    if (plan.reason === 'files') this.#backlog.waitForFiles(fid, plan.fids)
    else if (plan.reason === 'below') this.#backlog.waitBelow(fid, folder, path)
    else this.#backlog.wait(fid)
  }

  async #perform(job: Job, plan: WorkPlan): Promise<void> {
    try {
      this.#ended(job.task, await this.#do(job, plan))
    } catch (error) {
      if (isNotEmpty(error)) await this.#notEmpty(job, plan, error)
      else await this.#failed(job, error)
    }
  }

  #do(job: Job, plan: WorkPlan): Promise<Outcome> {
    const tools = this.#tools
    if (plan.do === 'adopt' || plan.do === 'acknowledge' || plan.do === 'decline') return carryOut(tools, job, plan)
    if (plan.do === 'compare') {
      const weight = Math.min(SMALL_WEIGHT, Math.max(LEAST_WEIGHT, job.head.size))
      return this.#small.run(weight, () => carryOut(tools, job, plan))
    }
    if (plan.do !== 'fetch') return this.#small.run(LEAST_WEIGHT, () => carryOut(tools, job, plan))
    if (this.#large.has(job.task.fid)) return receiveFile(tools, job, plan.replaces)
    return this.#small.run(Math.max(LEAST_WEIGHT, job.head.size), () => receiveFile(tools, job, plan.replaces))
  }

  #ended(task: OrderTask, outcome: Outcome): void {
    if (outcome === 'done') {
      this.#failures.succeeded(task.fid)
      this.#backlog.settle(task.fid)
    }
    this.#putOff(task, () => {
      if (outcome === 'again') this.#backlog.want(task.fid)
    })
  }

  async #endGone(task: OrderTask): Promise<void> {
    try {
      await this.#failures.forget(task.fid)
      await dropOrphan(this.#tools, task.fid)
    } catch (error) {
      this.#tools.engine.warn('What was left of an order could not be removed', error)
    }
    this.#backlog.settle(task.fid)
    this.#putOff(task, () => undefined)
  }

  async #failed({ task, head }: Job, error: unknown): Promise<void> {
    if (task.stale || this.#stopped) {
      this.#ended(task, 'again')
      return
    }
    try {
      const delay = await this.#failures.failed(head, error)
      this.#putOff(task, () => this.#backlog.delay(task.fid, delay))
    } catch (failure) {
      this.#tools.engine.warn('A failure could not be recorded', failure)
      this.#waitLonger(task)
    }
  }

  /**
   * Either an order for something inside has not come yet, or what is inside is not synced. What was done since the
   * attempt cannot be told, so the directory is tried once more before it is kept.
   */
  async #notEmpty(job: Job, plan: WorkPlan, error: unknown): Promise<void> {
    const { head, task } = job
    try {
      const found = await this.sweep()
      const { wanted, paths, hasUnread } = this.#backlog
      const isReading = this.#pumping !== undefined || wanted > 0 || hasUnread
      if (found > 0 || isReading || paths.hasBelow(head.folder, head.path)) this.#waitLonger(task)
      else if (plan.do !== 'delete') await this.#failed(job, error)
      else this.#ended(task, await deleteOrKeep(this.#tools, job, plan))
    } catch (failure) {
      await this.#failed(job, failure)
    }
  }

  #waitLonger(task: OrderTask): void {
    this.#putOff(task, () => this.#backlog.wait(task.fid))
  }

  /** The task is over. Whatever was to become of the file, it is looked at again if it was spoken of meanwhile. */
  #putOff(task: OrderTask, otherwise: () => void): void {
    const { fid } = task
    this.#active.delete(fid)
    if (task.again) this.#backlog.want(fid)
    else if (!this.#stopped) otherwise()
    if (this.#large.delete(fid)) this.#backlog.unparkOne()
    this.#pumpSoon()
  }

  async #checkOrder({ task, loaded }: Job): Promise<void> {
    const { engine } = this.#tools
    try {
      const bytes = await loadOrderBytes(engine, task.fid)
      if (bytes !== undefined && Buffer.compare(bytes, loaded.bytes) === 0) return
      task.invalidate('Another version was ordered')
    } catch (error) {
      engine.warn('An order could not be read again', error)
    }
  }
}
