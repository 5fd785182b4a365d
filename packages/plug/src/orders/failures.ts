import {
  type Failure,
  failureSchema,
  type Head,
  isOnituError,
  keys,
  lastPart,
  type OnituError,
  parseRecord,
} from '@onitu/protocol'
import { wrapDriverError } from '../driver/wrap-error.ts'
import type { Engine } from '../engine.ts'
import { untilAnswered } from '../until-answered.ts'
import { planRetry } from './retry-policy.ts'

interface Known {
  readonly attempts: number
  readonly since: number
  readonly version: number
  readonly code: string
  readonly recorded: boolean
}

/** Which orders failed, how often, and when they are tried again. */
export class Failures {
  readonly #engine: Engine
  #known = new Map<string, Known>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** What a process before this one recorded: it goes away with the orders. */
  async load(): Promise<void> {
    const { db, service } = this.#engine
    for await (const [key, value] of db.range({ prefix: keys.failurePrefix(service) })) {
      const { since, code } = this.#parse(key, value) ?? { since: 0, code: '' }
      this.#known.set(lastPart(key), { attempts: 0, since, version: 0, code, recorded: true })
    }
  }

  isRecorded(fid: string): boolean {
    return this.#known.get(fid)?.recorded === true
  }

  succeeded(fid: string): void {
    this.#known.delete(fid)
  }

  /** The order is gone without having been carried out here. */
  async forget(fid: string): Promise<void> {
    if (this.isRecorded(fid)) {
      await untilAnswered(this.#engine, () => this.#engine.db.delete(keys.failure(this.#engine.service, fid)))
    }
    this.#known.delete(fid)
  }

  fids(): string[] {
    return [...this.#known.keys()]
  }

  /** Records the failure and tells of it; gives the ms after which to try again. */
  async failed(head: Head, cause: unknown): Promise<number> {
    const error = isOnituError(cause) ? cause : wrapDriverError(cause, 'order', head.path)
    const known = this.#known.get(head.fid)
    // Another version begins anew; so does what failed in another process.
    const attempts = known?.version === head.version ? known.attempts + 1 : 1
    const { delay, report } = planRetry(error.code, error.retryable, attempts, this.#engine.random())
    const since = known?.since ?? this.#engine.clock.now()
    const recorded = known?.recorded === true || report
    this.#known.set(head.fid, { attempts, since, version: head.version, code: error.code, recorded })
    if (report) await this.#tell(head, error, { attempts, since, delay })
    return delay
  }

  async #tell(head: Head, error: OnituError, retry: { attempts: number; since: number; delay: number }): Promise<void> {
    const { db, service } = this.#engine
    const { fid, folder, path } = head
    const { code, message } = error
    const { attempts, since, delay } = retry
    const failure: Failure = { folder, path, code, message, attempts, since }
    await untilAnswered(this.#engine, () => db.put(keys.failure(service, fid), failure))
    const retryIn = Math.round(delay)
    this.#engine.emit({ type: 'order_failed', service, folder, path, code, reason: message, attempts, retryIn })
  }

  #parse(key: string, value: unknown): Failure | undefined {
    try {
      return parseRecord(failureSchema, value, key)
    } catch (error) {
      this.#engine.warn(`A record of a failure cannot be read`, error)
      return undefined
    }
  }
}
