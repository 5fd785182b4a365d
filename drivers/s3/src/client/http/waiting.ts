import type { Pace } from '@onitu/plug/kit'

/** Knows whether one request waits for a limit: it is not the server then that does not answer. */
export class Waiting {
  readonly #pace: Pace | undefined
  readonly #signal: AbortSignal | undefined
  count = 0

  constructor(pace: Pace | undefined, signal: AbortSignal | undefined) {
    this.#pace = pace
    this.#signal = signal
  }

  up(bytes: number): Promise<void> | undefined {
    return this.#counted(this.#pace?.up(bytes, this.#signal))
  }

  down(bytes: number): Promise<void> | undefined {
    return this.#counted(this.#pace?.down(bytes, this.#signal))
  }

  #counted(wait: Promise<void> | undefined): Promise<void> | undefined {
    if (wait === undefined) return undefined
    this.count++
    return wait.finally(() => this.count--)
  }
}
