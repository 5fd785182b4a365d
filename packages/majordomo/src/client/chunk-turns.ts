interface Turns {
  running: number
  readonly waiting: (() => void)[]
  failure: { readonly error: unknown } | undefined
}

/** The hub sends the next chunks of a file before the first is written: the driver gets no more at once than it can take. */
export class ChunkTurns {
  readonly #atOnce: number
  readonly #files = new Map<string, Turns>()

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Writes the chunks of a file in the order of the calls. @throws what `write` throws; what failed before it and left a hole */
  async run(file: string, write: () => Promise<unknown>): Promise<void> {
    const turns = this.#files.get(file) ?? { running: 0, waiting: [], failure: undefined }
    this.#files.set(file, turns)
    // Whoever is woken has the turn of the one that has ended.
    if (turns.running >= this.#atOnce) await new Promise<void>((resolve) => turns.waiting.push(resolve))
    else turns.running++
    try {
      if (turns.failure !== undefined) throw turns.failure.error
      await write()
    } catch (error) {
      turns.failure ??= { error }
      throw error
    } finally {
      this.#next(file, turns)
    }
  }

  #next(file: string, turns: Turns): void {
    const wake = turns.waiting.shift()
    if (wake !== undefined) wake()
    else if (--turns.running === 0) this.#files.delete(file)
  }
}
