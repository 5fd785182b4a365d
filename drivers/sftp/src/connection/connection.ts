import { OnituError, ServiceError } from '@onitu/plug'
import type { SftpOptions } from '../options/read-options.ts'
import { type Connected, type ConnectHooks, connect } from './connect.ts'
import type { Lanes } from './lanes.ts'
import type { Session } from './session.ts'

const FIRST_DELAY = 250
const LONGEST_DELAY = 30_000
/** Servers shut out who tries wrong passwords often. */
const REFUSED_DELAY = 30_000
const REFUSALS: ReadonlySet<string> = new Set(['AUTHENTICATION_FAILED', 'HOST_KEY_MISMATCH', 'HOST_KEY_UNKNOWN'])

/** One connection for everything, made when it is needed and again after it was lost, with growing delays while that fails. */
export class Connection {
  readonly #options: SftpOptions
  readonly #hooks: ConnectHooks
  #current: Promise<Connected> | undefined
  #alive: Connected | undefined
  #failure: { readonly error: OnituError; readonly until: number } | undefined
  #attempts = 0
  #closed = false

  constructor(options: SftpOptions, hooks: ConnectHooks) {
    this.#options = options
    this.#hooks = hooks
  }

  /** @throws ServiceError at once, while it is too early to try again. */
  async session(): Promise<Session> {
    return (await this.#connected()).session
  }

  /** For contents. @throws ServiceError as `session` does */
  async lanes(): Promise<Lanes> {
    return (await this.#connected()).lanes
  }

  async #connected(): Promise<Connected> {
    if (this.#closed) throw new ServiceError('CLOSED', 'The driver is closed')
    if (this.#alive?.session.isAlive === true) return this.#alive
    if (this.#current === undefined) {
      if (this.#failure !== undefined && performance.now() < this.#failure.until) throw this.#failure.error
      this.#current = this.#connect()
    }
    return this.#current
  }

  /** ms until it makes sense to try again. */
  get delay(): number {
    return Math.max(0, (this.#failure?.until ?? 0) - performance.now())
  }

  async close(): Promise<void> {
    this.#closed = true
    const [attempt] = await Promise.allSettled([this.#current])
    const made = attempt.status === 'fulfilled' ? attempt.value : undefined
    await (made ?? this.#alive)?.close()
  }

  async #connect(): Promise<Connected> {
    try {
      const connected = await connect(this.#options, this.#hooks)
      this.#alive = connected
      this.#attempts = 0
      this.#failure = undefined
      return connected
    } catch (error) {
      throw this.#failed(error)
    } finally {
      this.#current = undefined
    }
  }

  #failed(error: unknown): OnituError {
    const failure =
      error instanceof OnituError
        ? error
        : new ServiceError('CONNECTION_FAILED', `Cannot connect: ${String(error)}`, { cause: error })
    const growing = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(this.#attempts, 10))
    this.#attempts++
    const delay = REFUSALS.has(failure.code) ? REFUSED_DELAY : growing
    this.#failure = { error: failure, until: performance.now() + delay }
    return failure
  }
}
