import { scaled } from './time-unit.ts'
import { TimeoutError } from './timeout-error.ts'

/** Waits until it is told, as handlers of events are called. */
abstract class EventLoop {
  #wake: (() => void)[] = []

  /** True as soon as nothing has to be awaited any more. */
  abstract get done(): boolean

  /** Resolves when done, at once if it is already. @throws TimeoutError after `timeout` ms. */
  async run(timeout = 10_000): Promise<void> {
    if (this.done) return
    const limit = scaled(timeout)
    const { promise, resolve, reject } = withResolvers()
    const timer = setTimeout(() => reject(new TimeoutError(this.describe(), limit)), limit)
    this.#wake.push(resolve)
    await promise.finally(() => clearTimeout(timer))
  }

  protected abstract describe(): string

  protected changed(): void {
    if (!this.done) return
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** `const loop = new BooleanLoop(); launcher.onTransferEnded(loop.stop, { path }); await loop.run(5_000)` */
export class BooleanLoop extends EventLoop {
  #stopped = false

  override get done(): boolean {
    return this.#stopped
  }

  /** Bound, so that it can be handed over as a handler. */
  readonly stop = (): void => {
    this.#stopped = true
    this.changed()
  }

  restart(): void {
    this.#stopped = false
  }

  protected override describe(): string {
    return 'stop() was not called'
  }
}

/** Done after `check` was called `total` times. */
export class CounterLoop extends EventLoop {
  readonly total: number
  #left: number

  constructor(total: number) {
    super()
    this.total = total
    this.#left = total
  }

  override get done(): boolean {
    return this.#left <= 0
  }

  /** Bound, so that it can be handed over as a handler. */
  readonly check = (): void => {
    this.#left--
    this.changed()
  }

  restart(total: number = this.total): void {
    this.#left = total
  }

  protected override describe(): string {
    return `check() was not called ${this.#left} more times`
  }
}

// Promise.withResolvers came with Node 22.
function withResolvers() {
  let resolve: () => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
