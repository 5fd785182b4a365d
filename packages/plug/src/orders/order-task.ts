import { OnituError } from '@onitu/protocol'

/** The work on one order, from the moment it is read until it is done or put off. */
export class OrderTask {
  readonly fid: string
  /** The order was spoken of again meanwhile: look at it once more afterwards. */
  again = false
  #controller = new AbortController()

  constructor(fid: string) {
    this.fid = fid
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What it was planned on is no longer so. */
  get stale(): boolean {
    return this.#controller.signal.aborted
  }

  invalidate(reason: string): void {
    this.again = true
    this.#controller.abort(new OnituError('SUPERSEDED', reason, { retryable: true }))
  }
}
