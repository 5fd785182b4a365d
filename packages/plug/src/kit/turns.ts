/** Tasks one after the other, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task)
    this.#last = Promise.allSettled([turn])
    return turn
  }

  /** Resolves when all that was asked for so far is over, whatever became of it. */
  async over(): Promise<void> {
    await this.#last
  }
}
