/** Measures ms from where it was made, or from the last `restart`. */
export class Timer {
  #began = performance.now()

  get elapsed(): number {
    return performance.now() - this.#began
  }

  restart(): void {
    this.#began = performance.now()
  }

  /** How long a task takes, in ms. */
  static async time(task: () => unknown): Promise<number> {
    const timer = new Timer()
    await task()
    return timer.elapsed
  }
}
