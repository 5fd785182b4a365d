import { OnituError } from '@onitu/protocol'

/** The work on one order, from the moment it is read until it is done or put off. */
export class OrderTask {
  readonly fid: string
  /** The order was spoken of again meanwhile: look at it once more afterwards. */
  again = false
  #reason: OnituError | undefined
  /** Most files are too small for anything to be aborted: it is made when somebody asks for it. */
  #controller: AbortController | undefined

  constructor(fid: string) {
    this.fid = fid
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** What it was planned on is no longer so. */
  get stale(): boolean {
    return this.#reason !== undefined
  }

  /** @throws OnituError `SUPERSEDED` when it is stale */
  throwIfStale(): void {
    if (this.#reason !== undefined) throw this.#reason
  }

  invalidate(reason: string): void {
    this.again = true
    this.#reason ??= new OnituError('SUPERSEDED', reason, { retryable: true })
    this.#controller?.abort(this.#reason)
  }
}
