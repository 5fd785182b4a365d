interface Waiting {
  readonly weight: number
  readonly start: () => void
}

/** Lets tasks run while their weights fit; a task that alone is too heavy runs when nothing else does. In order. */
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

  async run<T>(weight: number, task: () => Promise<T>): Promise<T> {
    if (!this.#fits(weight) || this.#queue.length > 0) {
      await new Promise<void>((start) => this.#queue.push({ weight, start }))
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
