import type { Change, Handlers, Metadata, Stored } from '../contract.ts'
import type { Clock } from '../engine.ts'
import { DriverError } from '../errors.ts'
import { changeOfStored } from '../metadata.ts'
import { Deadlines } from './deadlines.ts'
import { wrapDriverError } from './wrap-error.ts'

/** The deadline in ms of a call, unless it says otherwise. */
const CALL_TIMEOUT = 60_000

export interface CallOptions<T> {
  /** ms */
  readonly timeout?: number
  readonly signal?: AbortSignal | undefined
  /** Told what a call gave that its deadline had left behind. */
  readonly late?: (result: T) => void
}

/** Calls the handlers of a driver, each under a deadline, and makes its errors ours. */
export class HandlerCalls {
  readonly #handlers: Partial<Handlers>
  readonly #deadlines: Deadlines
  /** Told what calls have done that were left behind by their deadlines: the driver takes it for known. */
  readonly late: (changes: readonly Change[]) => void

  constructor(handlers: Partial<Handlers>, clock: Clock, late: (changes: readonly Change[]) => void) {
    this.#handlers = handlers
    this.#deadlines = new Deadlines(clock)
    this.late = late
  }

  /** The call that got this signal, or all of them, has its deadline begin anew. */
  atWork(signal: AbortSignal | undefined): void {
    this.#deadlines.begin(signal)
  }

  get<N extends keyof Handlers>(name: N): Partial<Handlers>[N] {
    return this.#handlers[name]
  }

  /** @throws DriverError when the driver has no such handler. */
  need<N extends keyof Handlers>(name: N): Handlers[N] {
    const handler = this.#handlers[name]
    if (handler === undefined) throw new DriverError('NOT_SUPPORTED', `The driver has no handler ${name}`)
    return handler as Handlers[N]
  }

  /** `path`: what the call is about, for its errors. */
  async run<T>(
    name: keyof Handlers,
    path: string,
    call: (signal: AbortSignal) => Promise<T>,
    { timeout = CALL_TIMEOUT, signal, late }: CallOptions<T> = {},
  ): Promise<T> {
    const what = `${name} of ${JSON.stringify(path)}`
    try {
      return await this.#deadlines.run(what, timeout, signal, async (inner) => call(inner), late)
    } catch (error) {
      throw wrapDriverError(error, name, path)
    }
  }

  /** A call that puts something at a path. */
  store(
    name: keyof Handlers,
    metadata: Metadata,
    call: (signal: AbortSignal) => Promise<Stored>,
    options: Omit<CallOptions<Stored>, 'late'>,
  ): Promise<Stored> {
    const late = (stored: Stored) => this.late([changeOfStored(metadata, stored)])
    return this.run(name, metadata.path, call, { late, ...options })
  }

  close(): void {
    this.#deadlines.close()
  }
}
