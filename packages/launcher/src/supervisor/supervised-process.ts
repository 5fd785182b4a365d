import { OnituError } from '@onitu/protocol'
import { type Child, type Exit, startChild } from './child.ts'
import { decideRestart, noFailures, type RestartHistory, type RestartPolicy } from './restart-policy.ts'

/**
 * `restarting`: it failed and is started again in a moment. `failed`: it keeps failing (tried again every few minutes) or its configuration
 * is wrong (not tried again until somebody asks). `stopped`: on purpose.
 */
export type ProcessState = 'starting' | 'running' | 'restarting' | 'failed' | 'stopping' | 'stopped'

export interface ProcessOptions {
  /** `escalator`, `referee`, or the name of a service (which may be neither). */
  readonly name: string
  readonly module: string
  readonly configuration: unknown
  readonly policy: RestartPolicy
  readonly readyTimeout: number
  readonly grace: number
  readonly onLine: (process: string, line: string, from: 'stdout' | 'stderr') => void
  readonly onState: (process: SupervisedProcess) => void
}

/** A process that is kept running: started again with backoff whenever it ends by itself. */
export class SupervisedProcess {
  readonly name: string
  readonly #options: ProcessOptions
  #state: ProcessState = 'stopped'
  #reason = ''
  #restarts = 0
  #since = Date.now()
  #child: Child | undefined
  #wanted = false
  #closed = false
  #history: RestartHistory = noFailures
  #loop: Promise<void> | undefined
  #wake: (() => void) | undefined
  #stateListeners = new Set<() => void>()

  constructor(options: ProcessOptions) {
    this.#options = options
    this.name = options.name
  }

  get state(): ProcessState {
    return this.#state
  }

  /** Why it is restarting or failed; else empty. */
  get reason(): string {
    return this.#reason
  }

  get pid(): number | null {
    return this.#state === 'stopped' || this.#state === 'restarting' || this.#state === 'failed'
      ? null
      : (this.#child?.pid ?? null)
  }

  /** How often it was started again after it ended by itself. */
  get restarts(): number {
    return this.#restarts
  }

  /** When it came into its state, ms since 1970. */
  get since(): number {
    return this.#since
  }

  /** Whether it is not meant to run: stopped on purpose, or misconfigured. */
  get resting(): boolean {
    return !this.#wanted && this.#loop === undefined
  }

  /** Also ends the waiting of one that restarts or failed. Resolves at the first outcome; `state` tells which. */
  async start(): Promise<void> {
    if (!this.#wanted) await this.#loop
    if (this.#closed) throw new OnituError('CLOSED', `${this.name} is not started: the session is stopping`)
    this.#history = noFailures
    if (!this.#wanted) {
      this.#wanted = true
      this.#loop = this.#run()
    } else if (this.#wake !== undefined) {
      const changed = this.changed()
      this.#wake()
      await changed
    }
    await this.settled()
  }

  /** Resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#wanted = false
    this.#wake?.()
    if (this.#child !== undefined) {
      if (this.#state === 'starting' || this.#state === 'running') this.#set('stopping')
      await this.#child.stop()
    }
    await this.#loop
    if (this.#state === 'failed') this.#set('stopped')
  }

  /** Stops it for good: a start that is under way elsewhere (`onitu service restart`) does not bring it back. */
  close(): Promise<void> {
    this.#closed = true
    return this.stop()
  }

  /** Ends it at once. It is started again unless `stop` was called. */
  kill(): void {
    this.#child?.kill()
  }

  /** Ends it at once and for good. Whoever wants to know that it is gone stops it as well. */
  destroy(): void {
    this.#closed = true
    this.#wanted = false
    this.#wake?.()
    if (this.#state === 'starting' || this.#state === 'running') this.#set('stopping')
    this.kill()
  }

  /** Resolves when it is neither starting nor stopping. */
  async settled(): Promise<void> {
    while (this.#state === 'starting' || this.#state === 'stopping') await this.changed()
  }

  /** Resolves at the next change of state. */
  changed(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#stateListeners.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      this.#stateListeners.add(done)
      signal?.addEventListener('abort', done)
      if (signal?.aborted) done()
    })
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      const { exit, readyFor } = await this.#once()
      if (!this.#wanted) break
      if (exit.configuration) {
        this.#wanted = false
        this.#loop = undefined
        return this.#set('failed', exit.reason)
      }
      const decision = decideRestart(this.#history, { readyFor, killed: exit.killed }, this.#options.policy)
      this.#history = decision
      this.#set(decision.failed ? 'failed' : 'restarting', exit.reason)
      await this.#pause(decision.delay)
      if (this.#wanted) this.#restarts++
    }
    this.#loop = undefined
    this.#set('stopped')
  }

  async #once(): Promise<{ exit: Exit; readyFor: number }> {
    const { name, module, configuration, readyTimeout, grace, onLine } = this.#options
    const child = startChild({
      name,
      module,
      configuration,
      readyTimeout,
      grace,
      onLine: (line, from) => onLine(name, line, from),
    })
    this.#child = child
    this.#set('starting')
    const ready = await child.ready
    const readyAt = performance.now()
    if (ready && this.#wanted) this.#set('running')
    const exit = await child.exited
    this.#child = undefined
    return { exit, readyFor: ready ? performance.now() - readyAt : 0 }
  }

  #pause(delay: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, delay)
      this.#wake = done
    })
  }

  #set(state: ProcessState, reason = ''): void {
    this.#state = state
    this.#reason = reason
    this.#since = Date.now()
    for (const listener of [...this.#stateListeners]) listener()
    this.#options.onState(this)
  }
}
