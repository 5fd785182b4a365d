/** ms; far less than any deadline of a call. */
const TELL = 5_000

/** Says again and again of calls that they go on, until what they do is over: for requests that have deadlines of their own. */
export class WorkInProgress {
  readonly #tell: (signal: AbortSignal) => void
  readonly #signals = new Map<AbortSignal, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(tell: (signal: AbortSignal) => void) {
    this.#tell = tell
  }

  /** Work for the call that got this signal, if it is one's. */
  async during<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    if (signal === undefined) return work()
    this.#signals.set(signal, (this.#signals.get(signal) ?? 0) + 1)
    this.#timer ??= setInterval(() => this.#tellAll(), TELL).unref()
    try {
      return await work()
    } finally {
      this.#over(signal)
    }
  }

  #over(signal: AbortSignal): void {
    const left = (this.#signals.get(signal) ?? 0) - 1
    if (left > 0) this.#signals.set(signal, left)
    else this.#signals.delete(signal)
    if (this.#signals.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tellAll(): void {
    for (const signal of this.#signals.keys()) this.#tell(signal)
  }
}
