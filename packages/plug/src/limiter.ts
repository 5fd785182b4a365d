interface Waiting {
  readonly weight: number
  readonly start: () => void
}

export interface LimiterOptions {
  /** It goes before all that wait: it ends what a task before it has begun. */
  readonly isNext?: boolean | undefined
}

/** Lets tasks run while their weights fit; a task that alone is too heavy runs when nothing else does. In order, but for what is next. */
export class Limiter {
  readonly #limit: number
  #used = 0
  #running = 0
  #queue: Waiting[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get running(): number {
    return this.#running
  }

  async run<T>(weight: number, task: () => Promise<T>, { isNext = false }: LimiterOptions = {}): Promise<T> {
    if (!this.#fits(weight) || (this.#queue.length > 0 && !isNext)) {
      await new Promise<void>((start) => {
        if (isNext) this.#queue.unshift({ weight, start })
        else this.#queue.push({ weight, start })
      })
    } else {
      this.#take(weight)
    }
    try {
      return await task()
    } finally {
      this.#used -= weight
      this.#running -= 1
      this.#startNext()
    }
  }

  #fits(weight: number): boolean {
    return this.#running === 0 || this.#used + weight <= this.#limit
  }

  #take(weight: number): void {
    this.#used += weight
    this.#running += 1
  }

  #startNext(): void {
    for (let next = this.#queue[0]; next !== undefined && this.#fits(next.weight); next = this.#queue[0]) {
      this.#queue.shift()
      this.#take(next.weight)
      next.start()
    }
  }
}
