/**
 * Lets callers share a piece of work that has to begin after they asked for it: one that is running already is not
 * joined, the next one is, by all who ask meanwhile.
 */
export class Rounds {
  readonly #work: () => Promise<void>
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(work: () => Promise<void>) {
    this.#work = work
  }

  join(): Promise<void> {
    if (this.#running === undefined) return this.#begin()
    const running = this.#running
    this.#next ??= this.#after(running)
    return this.#next
  }

  async #after(running: Promise<void>): Promise<void> {
    await Promise.allSettled([running])
    this.#next = undefined
    await this.#begin()
  }

  #begin(): Promise<void> {
    const running = this.#work().finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }
}
