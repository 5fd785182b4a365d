import { type Limit, takeTokens, untilTokens } from './token-bucket.ts'

export interface PacerOptions extends Limit {
  /** Called now and then, and at the beginning, while somebody waits. */
  readonly waiting?: () => void
  readonly clock?: PacerClock
}

export interface PacerClock {
  /** ms */
  now(): number
  /** Gives the function that cancels it. */
  after(milliseconds: number, callback: () => void): () => void
}

interface Waiting {
  readonly amount: number
  readonly go: () => void
  readonly refuse: (reason: Error) => void
}

/** ms */
const TELL = 5_000

const realClock: PacerClock = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Lets no more pass than the limit allows, in the order in which it was asked for. */
export class Pacer {
  readonly #options: PacerOptions
  readonly #clock: PacerClock
  readonly #queue: Waiting[] = []
  #fullAt = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined
  #refused: Error | undefined

  constructor(options: PacerOptions) {
    this.#options = options
    this.#clock = options.clock ?? realClock
  }

  /** Resolves when so much may pass. What is given up while it waits takes nothing. @throws the reason of the signal, or of the end */
  take(amount: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (this.#refused !== undefined) return Promise.reject(this.#refused)
    // As plain promises both: of two that may go in one tick the first goes first.
    if (this.#queue.length === 0 && this.#passes(amount)) return Promise.resolve()
    return new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        amount,
        go: () => {
          signal?.removeEventListener('abort', giveUp)
          resolve()
        },
        refuse: (reason) => {
          signal?.removeEventListener('abort', giveUp)
          reject(reason)
        },
      }
      const giveUp = () => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#queue.push(waiting)
      this.#serve()
    })
  }

  /** From here on everything passes, and all that waits; with a reason nothing does. */
  close(reason?: Error): void {
    this.#fullAt = Number.NEGATIVE_INFINITY
    this.#passes = () => true
    this.#refused = reason
    this.#cancel?.()
    for (const { go, refuse } of this.#queue.splice(0)) {
      if (reason === undefined) go()
      else refuse(reason)
    }
  }

  #passes = (amount: number): boolean => {
    const now = this.#clock.now()
    if (untilTokens(this.#fullAt, amount, now, this.#options) > 0) return false
    this.#fullAt = takeTokens(this.#fullAt, amount, now, this.#options)
    return true
  }

  #serve(): void {
    if (this.#cancel !== undefined) return
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (!this.#passes(first.amount)) {
        this.#options.waiting?.()
        const wait = untilTokens(this.#fullAt, first.amount, this.#clock.now(), this.#options)
        this.#cancel = this.#clock.after(Math.min(TELL, Math.ceil(wait)), () => {
          this.#cancel = undefined
          this.#serve()
        })
        return
      }
      this.#queue.shift()
      first.go()
    }
  }
}
