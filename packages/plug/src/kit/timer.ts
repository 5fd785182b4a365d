/** One timer that can be set again, and short sleeps that end with it. */
export class Timer {
  readonly #run: () => void
  readonly #sleeping = new Map<NodeJS.Timeout, () => void>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(run: () => void) {
    this.#run = run
  }

  set(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (!this.#closed) this.#timer = setTimeout(this.#run, milliseconds)
  }

  /** Ends early when the timer is closed. */
  async sleep(milliseconds: number): Promise<void> {
    if (this.#closed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#sleeping.delete(timer)
        resolve()
      }, milliseconds)
      this.#sleeping.set(timer, resolve)
    })
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const [timer, wake] of this.#sleeping) {
      clearTimeout(timer)
      wake()
    }
    this.#sleeping.clear()
  }
}
