import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FoundChange } from '../messages.ts'

export interface ReporterHooks {
  send(changes: readonly FoundChange[]): Promise<void>
  warn(message: string): void
  /** Whether what was last seen is still what the change tells of. */
  isCurrent(change: FoundChange): boolean
  /** Called once a part was written that had failed before. */
  recovered(): Promise<void>
}

const PART = 500

/**
 * Hands changes to the Plug, in order, without waiting for one part before sending the next: one file that is busy with a long
 * transfer must not hold up reports of others. What could not be written is sent again until it is, or something else has become of it.
 */
export class Reporter {
  readonly #hooks: ReporterHooks
  readonly #pending = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(hooks: ReporterHooks) {
    this.#hooks = hooks
    // Every part that waits listens to it.
    setMaxListeners(0, this.#stop.signal)
  }

  report(changes: readonly FoundChange[]): void {
    for (let at = 0; at < changes.length; at += PART) this.#send(changes.slice(at, at + PART))
  }

  /** Resolves when everything handed over before is durable (or the driver closes). */
  async settled(): Promise<void> {
    await Promise.all(this.#pending)
  }

  get pending(): number {
    return this.#pending.size
  }

  close(): void {
    this.#stop.abort()
  }

  #send(changes: readonly FoundChange[]): void {
    const sending = this.#trySend(changes).finally(() => this.#pending.delete(sending))
    this.#pending.add(sending)
  }

  async #trySend(changes: readonly FoundChange[]): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      // Of what has changed meanwhile there is newer news, and whoever is told of the old state after that would take it for the newest.
      const due = attempt === 0 ? changes : changes.filter((change) => this.#hooks.isCurrent(change))
      try {
        if (due.length > 0) await this.#hooks.send(due)
        return attempt === 0 ? undefined : await this.#hooks.recovered()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        this.#hooks.warn(`Reporting ${changes.length} changes failed and is tried again: ${String(error)}`)
        await this.#wait(Math.min(5000, 100 * 2 ** attempt))
      }
    }
  }

  async #wait(delay: number): Promise<void> {
    const { signal } = this.#stop
    try {
      await sleep(delay, undefined, { signal, ref: false })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}
