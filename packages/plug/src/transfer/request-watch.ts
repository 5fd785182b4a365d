import { OnituError } from '@onitu/protocol'
import type { Clock } from '../engine.ts'

export interface WatchedRequest {
  /** Whether the other side is still at it. @throws when it does not answer */
  ask(): Promise<boolean>
  giveUp(error: unknown): void
}

interface Watched extends WatchedRequest {
  /** When it was made, or last heard of. */
  since: number
  isAsked: boolean
  /** How often the other side knew nothing of it; the answer may have been on its way then. */
  denials: number
}

/** ms after which it is asked. */
export const PATIENCE = 10_000
const STEP = 2_500

/**
 * A service may take long to read what it is asked for: its own source may be slow, or limited. So a request has no deadline as long as the other side
 * says that it is at it, which it does not say for ever: there each call of the driver has a deadline.
 */
export class RequestWatch {
  readonly #clock: Clock
  readonly #requests = new Set<Watched>()
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Gives the function that ends it. */
  add(request: WatchedRequest): () => void {
    const watched: Watched = {
      ask: () => request.ask(),
      giveUp: (error) => request.giveUp(error),
      since: this.#clock.elapsed(),
      isAsked: false,
      denials: 0,
    }
    this.#requests.add(watched)
    this.#schedule()
    return () => this.#requests.delete(watched)
  }

  close(): void {
    this.#requests.clear()
    this.#cancel?.()
    this.#cancel = undefined
  }

  #schedule(): void {
    if (this.#requests.size > 0) this.#cancel ??= this.#clock.after(STEP, () => this.#check())
  }

  #check(): void {
    this.#cancel = undefined
    const now = this.#clock.elapsed()
    for (const request of this.#requests) {
      if (!request.isAsked && now - request.since >= PATIENCE) void this.#ask(request)
    }
    this.#schedule()
  }

  async #ask(request: Watched): Promise<void> {
    request.isAsked = true
    try {
      request.denials = (await request.ask()) ? 0 : request.denials + 1
      if (request.denials === 0) request.since = this.#clock.elapsed()
      if (request.denials > 1)
        throw new OnituError('REQUEST_LOST', 'The service does not know of the request any more', { retryable: true })
    } catch (error) {
      if (this.#requests.delete(request)) request.giveUp(error)
    } finally {
      request.isAsked = false
    }
  }
}
