import type { Clock } from '../engine.ts'
import { ServiceError } from '../errors.ts'
import { AbortFollowers } from './abort-followers.ts'

interface Entry {
  at: number
  readonly timeout: number
  readonly what: string
  readonly expire: (error: ServiceError) => void
}

/** How exact deadlines are, in ms. One timer looks after all calls: one for each would cost more than a small file. */
const STEP = 1_000

/**
 * Runs calls under a deadline and an optional signal of the caller; either aborts the signal that the call gets. After
 * the caller's signal the call is still waited for, so that the next call for the same file finds it finished; only the
 * deadline leaves it behind.
 */
export class Deadlines {
  readonly #clock: Clock
  #entries = new Set<Entry>()
  readonly #bySignal = new WeakMap<AbortSignal, Entry>()
  readonly #followers = new AbortFollowers()
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `late` is told what a call gave that its deadline had left behind. */
  async run<T>(
    what: string,
    timeout: number,
    outer: AbortSignal | undefined,
    call: (signal: AbortSignal) => Promise<T>,
    late?: (result: T) => void,
  ): Promise<T> {
    outer?.throwIfAborted()
    const controller = new AbortController()
    const leave = outer && this.#followers.follow(outer, controller)
    let entry: Entry | undefined
    try {
      return await new Promise<T>((resolve, reject) => {
        let isLate = false
        const expire = (error: ServiceError) => {
          isLate = true
          controller.abort(error)
          reject(error)
        }
        entry = { at: this.#clock.elapsed() + timeout, timeout, what, expire }
        this.#bySignal.set(controller.signal, entry)
        this.#add(entry)
        const done = (result: T) => (isLate ? late?.(result) : resolve(result))
        call(controller.signal).then(done, reject)
      })
    } finally {
      if (entry !== undefined) this.#entries.delete(entry)
      leave?.()
    }
  }

  /** The deadline of the call that got this signal begins anew, or that of every call. */
  begin(signal: AbortSignal | undefined): void {
    const entry = signal === undefined ? undefined : this.#bySignal.get(signal)
    const now = this.#clock.elapsed()
    const begun = signal === undefined ? this.#entries : entry === undefined ? [] : [entry]
    for (const one of begun) one.at = now + one.timeout
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #add(entry: Entry): void {
    this.#entries.add(entry)
    this.#cancel ??= this.#clock.after(STEP, () => this.#check())
  }

  #check(): void {
    this.#cancel = undefined
    const now = this.#clock.elapsed()
    for (const { at, what, expire } of this.#entries) {
      if (at <= now) expire(new ServiceError('DRIVER_TIMEOUT', `The driver did not finish ${what} in time`))
    }
    if (this.#entries.size > 0) this.#cancel = this.#clock.after(STEP, () => this.#check())
  }
}
