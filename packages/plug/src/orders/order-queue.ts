import { headSchema, isOnituError, keys, lastPart, parseRecord } from '@onitu/protocol'
import { Limiter } from '../limiter.ts'
import { carryOut, isNotEmpty, type Job, keepDirectory, type Outcome } from './carry-out.ts'
import { Failures } from './failures.ts'
import { type LoadedOrder, loadOrderBytes, loadOrders } from './load-orders.ts'
import { OrderTask } from './order-task.ts'
import { keyOf, PendingPaths } from './pending-paths.ts'
import { type OrderPlan, planOrder } from './plan-order.ts'
import { nextWait, PutOff } from './put-off.ts'
import { type ReceiveTools, receiveFile } from './receive-file.ts'

/** Orders that are read in one go, and that may be in the works before more are read. */
const LOAD_AT_ONCE = 256
const ACTIVE_LIMIT = 512
/** Bytes of small files in flight, and what each counts at least: at most 64 at a time. */
const SMALL_WEIGHT = 8 * 1024 * 1024
const LEAST_WEIGHT = SMALL_WEIGHT / 64
const LARGE_AT_ONCE = 3
const SWEEP_INTERVAL = 30_000
const FIRST_WAIT_DECISION = 100
const FIRST_WAIT_FILES = 500

/**
 * Carries out the orders of a service. A wake-up or a sweep names files; each is read, planned, and then done, put off
 * until something else is done, or tried again later. The orders themselves stay in the database until they are done.
 */
export class OrderQueue {
  readonly #tools: ReceiveTools
  readonly #failures: Failures
  #wanted = new Set<string>()
  #active = new Map<string, OrderTask>()
  #jobs = new Map<string, Job>()
  #large = new Set<string>()
  /** Large files that wait for one of the few places. */
  #parked = new Set<string>()
  /** Orders of folders that cannot be reached. */
  #unavailable = new Set<string>()
  #waits = new Map<string, number>()
  #waiting: PutOff
  #delayed: PutOff
  #waitersOf = new Map<string, Set<string>>()
  #waitersBelow = new Map<string, string>()
  #paths = new PendingPaths()
  #small = new Limiter(SMALL_WEIGHT)
  #pumping: Promise<void> | undefined
  #sweeping: Promise<number> | undefined
  #running = new Set<Promise<void>>()
  #stopped = false

  constructor(tools: ReceiveTools) {
    this.#tools = tools
    this.#failures = new Failures(tools.engine)
    this.#waiting = new PutOff(tools.engine.clock, (fid) => this.#want(fid))
    this.#delayed = new PutOff(tools.engine.clock, (fid) => this.#want(fid))
  }

  async start(): Promise<void> {
    await this.#failures.load()
    await this.sweep()
    // What a process before this one left and no order asks for any more.
    for (const fid of [...this.#tools.journals.fids(), ...this.#failures.fids()]) this.#want(fid)
    this.#sweepLater()
  }

  /** Cheap to repeat: an order that is not there, or is being carried out already, costs next to nothing. */
  wake(fid: string): void {
    const task = this.#active.get(fid)
    if (task === undefined) return this.#want(fid)
    task.again = true
    if (this.#large.has(fid)) this.#track(this.#checkOrder(fid, task))
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
    const fids = [...this.#unavailable]
    this.#unavailable.clear()
    for (const fid of fids) this.#want(fid)
  }

  load(): { active: number; waiting: number } {
    const waiting = this.#wanted.size + this.#waiting.size + this.#delayed.size + this.#parked.size
    return { active: this.#active.size, waiting: waiting + this.#unavailable.size }
  }

  /** Finishes what is small, gives up what is large (it resumes), starts nothing new. */
  async close(): Promise<void> {
    this.#stopped = true
    this.#waiting.close()
    this.#delayed.close()
    for (const fid of this.#large) this.#active.get(fid)?.invalidate('The service is closing')
    while (this.#running.size > 0 || this.#pumping !== undefined) {
      await Promise.all([this.#pumping, ...this.#running])
    }
  }

  #want(fid: string): void {
    if (this.#stopped || this.#active.has(fid) || this.#parked.has(fid)) return
    this.#waiting.remove(fid)
    this.#delayed.remove(fid)
    this.#unavailable.delete(fid)
    this.#wanted.add(fid)
    this.#tools.progress.changed()
    this.#pumpSoon()
  }

  #isKnown(fid: string): boolean {
    return (
      this.#active.has(fid) ||
      this.#wanted.has(fid) ||
      this.#waiting.has(fid) ||
      this.#delayed.has(fid) ||
      this.#parked.has(fid) ||
      this.#unavailable.has(fid)
    )
  }

  async #sweepOnce(): Promise<number> {
    const { db, service } = this.#tools.engine
    let found = 0
    for await (const key of db.keys({ prefix: keys.orderPrefix(service) })) {
      const fid = lastPart(key)
      if (this.#isKnown(fid)) continue
      found += 1
      this.#want(fid)
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

  #pumpSoon(): void {
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined
      if (this.#canPump()) this.#pumpSoon()
    })
  }

  #canPump(): boolean {
    return !this.#stopped && this.#wanted.size > 0 && this.#active.size < ACTIVE_LIMIT
  }

  async #pump(): Promise<void> {
    // Wake-ups come one by one; those of one tick are read together.
    await Promise.resolve()
    while (this.#canPump()) {
      const tasks: OrderTask[] = []
      for (const fid of this.#wanted) {
        this.#wanted.delete(fid)
        const task = new OrderTask(fid)
        this.#active.set(fid, task)
        tasks.push(task)
        if (tasks.length === LOAD_AT_ONCE) break
      }
      await this.#begin(tasks)
    }
  }

  async #begin(tasks: readonly OrderTask[]): Promise<void> {
    const loaded = await this.#load(tasks)
    for (const one of loaded.values()) this.#index(one)
    for (const task of tasks) {
      const one = loaded.get(task.fid)
      if (one === undefined) this.#track(this.#endGone(task))
      else if (!(one instanceof Error)) this.#dispatch(task, one)
    }
  }

  /** Orders that are not in the result are gone. One that cannot be read fails alone. */
  async #load(tasks: readonly OrderTask[]): Promise<Map<string, LoadedOrder | Error>> {
    const { engine } = this.#tools
    const fids = tasks.map(({ fid }) => fid)
    try {
      return new Map((await loadOrders(engine, fids)).map((one) => [one.fid, one]))
    } catch (error) {
      const [only] = tasks
      if (tasks.length > 1 && isOnituError(error) && !error.retryable && !this.#stopped) {
        const parts = await Promise.all(tasks.map((task) => this.#load([task])))
        return new Map(parts.flatMap((part) => [...part]))
      }
      if (!this.#stopped) engine.warn('Orders could not be read, they are read again', error)
      for (const task of tasks) this.#wait(task, FIRST_WAIT_FILES)
      const failure = error instanceof Error ? error : new Error(String(error))
      return new Map((only === undefined ? [] : tasks).map(({ fid }) => [fid, failure]))
    }
  }

  #index(loaded: LoadedOrder | Error): void {
    if (loaded instanceof Error || loaded.head === undefined) return
    const { fid, head, record } = loaded
    const holdsFile = record !== undefined && record.token !== null && record.kind === 'file'
    this.#paths.add(fid, head.folder, head.path, holdsFile && (head.deleted || head.kind === 'directory'))
  }

  #dispatch(task: OrderTask, loaded: LoadedOrder): void {
    const plan = task.stale ? ({ do: 'reread' } as const) : this.#plan(loaded)
    const { head } = loaded
    if (plan.do === 'reread' || head === undefined) return this.#wait(task, FIRST_WAIT_DECISION)
    if (!this.#tools.engine.isAvailable(head.folder)) {
      this.#active.delete(task.fid)
      this.#unavailable.add(task.fid)
      return
    }
    if (plan.do === 'wait') return this.#waitFor(task, loaded, plan)
    const isLarge = plan.do === 'fetch' && head.size > this.#tools.engine.chunkSize
    if (isLarge && this.#large.size >= LARGE_AT_ONCE) {
      this.#active.delete(task.fid)
      this.#parked.add(task.fid)
      return
    }
    const job: Job = { task, loaded, head, failed: this.#failures.isRecorded(task.fid) }
    if (isLarge) this.#large.add(task.fid)
    this.#jobs.set(task.fid, job)
    this.#track(this.#perform(job, plan, isLarge))
  }

  #plan(loaded: LoadedOrder): OrderPlan {
    const { engine, driver } = this.#tools
    const { head } = loaded
    const folder = head?.folder ?? ''
    const path = head?.path ?? ''
    return planOrder({
      ...loaded,
      blockedBy: this.#paths.clearedAbove(folder, path),
      ordersBelow: this.#paths.hasBelow(folder, path),
      mode: engine.folders.get(folder)?.mode ?? 'r',
      can: { move: driver.canMove, directories: driver.canMakeDirectories, attributes: driver.canSetAttributes },
    })
  }

  async #perform(job: Job, plan: Exclude<OrderPlan, { do: 'wait' | 'reread' }>, isLarge: boolean): Promise<void> {
    try {
      this.#ended(job, await this.#do(job, plan, isLarge))
    } catch (error) {
      if (isNotEmpty(error)) await this.#notEmpty(job, plan, error)
      else await this.#failed(job, error)
    }
  }

  #do(job: Job, plan: Exclude<OrderPlan, { do: 'wait' | 'reread' }>, isLarge: boolean): Promise<Outcome> {
    const tools = this.#tools
    if (plan.do === 'adopt' || plan.do === 'acknowledge') return carryOut(tools, job, plan)
    if (plan.do !== 'fetch') return this.#small.run(LEAST_WEIGHT, () => carryOut(tools, job, plan))
    if (isLarge) return receiveFile(tools, job, plan.replaces)
    return this.#small.run(Math.max(LEAST_WEIGHT, job.head.size), () => receiveFile(tools, job, plan.replaces))
  }

  #release(task: OrderTask): void {
    const { fid } = task
    this.#active.delete(fid)
    this.#jobs.delete(fid)
    if (this.#large.delete(fid)) {
      const [next] = this.#parked
      if (next !== undefined) {
        this.#parked.delete(next)
        this.#want(next)
      }
    }
    if (this.#canPump()) this.#pumpSoon()
  }

  #ended(job: Job, outcome: Outcome): void {
    const { task } = job
    this.#release(task)
    if (outcome === 'again') return this.#want(task.fid)
    this.#failures.succeeded(task.fid)
    this.#settle(task)
  }

  async #endGone(task: OrderTask): Promise<void> {
    try {
      await this.#dropOrphan(task.fid)
    } catch (error) {
      this.#tools.engine.warn('What was left of an order could not be removed', error)
    }
    this.#release(task)
    this.#settle(task)
  }

  /** Nothing is left to do for this file: those that waited for it can go on. */
  #settle(task: OrderTask): void {
    const { fid } = task
    this.#waits.delete(fid)
    for (const key of this.#paths.remove(fid)) {
      const waiter = this.#waitersBelow.get(key)
      if (waiter === undefined) continue
      this.#waitersBelow.delete(key)
      this.#want(waiter)
    }
    const waiters = this.#waitersOf.get(fid)
    this.#waitersOf.delete(fid)
    for (const waiter of waiters ?? []) this.#want(waiter)
    if (task.again) this.#want(fid)
  }

  async #dropOrphan(fid: string): Promise<void> {
    const { journals, driver, engine } = this.#tools
    await this.#failures.forget(fid)
    const journal = journals.get(fid)
    if (journal === undefined) return
    const head = parseRecord(headSchema, await engine.db.get(keys.head(fid)), keys.head(fid))
    await driver.abortUpload({ ...head, version: journal.version, hash: journal.hash }, journal.state)
    await journals.remove(fid)
  }

  async #failed({ task, head }: Job, error: unknown): Promise<void> {
    if (task.stale || this.#stopped) {
      this.#release(task)
      return this.#want(task.fid)
    }
    try {
      const delay = await this.#failures.failed(head, error)
      this.#release(task)
      if (task.again) this.#want(task.fid)
      else if (!this.#stopped) this.#delayed.add(task.fid, delay)
    } catch (failure) {
      this.#tools.engine.warn('A failure could not be recorded', failure)
      this.#wait(task, FIRST_WAIT_FILES)
    }
  }

  /** Either an order for something inside has not come yet, or what is inside is not synced. */
  async #notEmpty(job: Job, plan: OrderPlan, error: unknown): Promise<void> {
    const { head, task } = job
    try {
      const found = await this.sweep()
      if (found > 0 || this.#wanted.size > 0 || this.#paths.hasBelow(head.folder, head.path)) {
        return this.#wait(task, FIRST_WAIT_DECISION)
      }
      if (plan.do !== 'delete') return await this.#failed(job, error)
      this.#ended(job, await keepDirectory(this.#tools, job))
    } catch (failure) {
      await this.#failed(job, failure)
    }
  }

  #waitFor(task: OrderTask, { fid, head }: LoadedOrder, plan: Extract<OrderPlan, { do: 'wait' }>): void {
    if (plan.reason === 'decision') return this.#wait(task, FIRST_WAIT_DECISION)
    if (plan.reason === 'below') this.#waitersBelow.set(keyOf(head?.folder ?? '', head?.path ?? ''), fid)
    else {
      for (const other of plan.fids) {
        const waiters = this.#waitersOf.get(other) ?? new Set<string>()
        waiters.add(fid)
        this.#waitersOf.set(other, waiters)
      }
    }
    this.#wait(task, FIRST_WAIT_FILES)
  }

  #wait(task: OrderTask, first: number): void {
    const { fid } = task
    this.#release(task)
    if (this.#stopped) return
    if (task.again) return this.#want(fid)
    const delay = nextWait(this.#waits.get(fid), first)
    this.#waits.set(fid, delay)
    this.#waiting.add(fid, delay)
  }

  async #checkOrder(fid: string, task: OrderTask): Promise<void> {
    const job = this.#jobs.get(fid)
    if (job === undefined || job.task !== task) return
    const bytes = await loadOrderBytes(this.#tools.engine, fid)
    if (bytes !== undefined && Buffer.compare(bytes, job.loaded.bytes) === 0) return
    task.invalidate('Another version was ordered')
  }
}
