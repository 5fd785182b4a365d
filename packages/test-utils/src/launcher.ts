import { randomUUID } from 'node:crypto'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventOf, OnituEvent } from '@onitu/protocol'
import type { Driver } from './driver.ts'
import { TypedEventHub } from './event-hub.ts'
import { type Exit, type OnituProcess, type RunResult, startOnitu } from './onitu-command.ts'
import { markedProcesses } from './processes.ts'
import { findRuntimeDirectory, followBus, type SessionBus } from './session-bus.ts'
import type { Setup } from './setup.ts'
import { scaled } from './time-unit.ts'
import { TimeoutError } from './timeout-error.ts'
import { waitUntil } from './wait-until.ts'

export interface StartOptions {
  /** Wait until every part runs. Default true. */
  readonly wait?: boolean
  /** Write the setup file first. Default true. */
  readonly save?: boolean
  /** More arguments of `onitu start`. */
  readonly parameters?: readonly string[]
  /** ms until everything must run. Default 30,000. */
  readonly timeout?: number
  /** Run as this user id, who is given the folder of the setup. Default: the user of the test. */
  readonly user?: number
  /** More variables of its environment, and of all its processes. */
  readonly environment?: Readonly<Record<string, string>>
}

/** How long `onitu` may take to stop by itself: its own grace period and a bit. */
const STOP_TIMEOUT = 20_000

/**
 * Runs the real `onitu` on a setup and follows its events. `close()` it in the end; `strayProcesses()` tells afterwards whether
 * anything was left.
 */
export class Launcher extends TypedEventHub {
  readonly setup: Setup
  readonly #marker = randomUUID()
  readonly #pids = new Map<string, number>()
  #process: OnituProcess | undefined
  #bus: SessionBus | undefined

  constructor(setup: Setup) {
    super()
    this.setup = setup
  }

  /** Of the running `onitu`, or of the last one. */
  get process(): OnituProcess {
    if (this.#process === undefined) throw new TypeError('onitu was not started')
    return this.#process
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.exit === undefined
  }

  /** The services of these names, all without names. @throws TypeError when there is none of a name */
  services(...names: readonly string[]): Driver[] {
    const { services } = this.setup
    if (names.length === 0) return [...services.values()]
    return names.map((name) => {
      const service = services.get(name)
      if (service === undefined) throw new TypeError(`The setup has no service ${JSON.stringify(name)}`)
      return service
    })
  }

  get sessionDirectory(): string {
    return join(this.setup.configDirectory, this.setup.name)
  }

  async start(options: StartOptions = {}): Promise<void> {
    const { wait = true, save = true, parameters = [], timeout = 30_000, user, environment } = options
    if (this.running) throw new TypeError('onitu is running already')
    if (save) await this.setup.save()
    await mkdir(this.setup.configDirectory, { recursive: true })
    if (user !== undefined) await this.#handOver(user)
    this.#pids.clear()
    const started = this.#allStarted()
    const marker = this.#marker
    this.#process = startOnitu(['start', ...this.#location(), ...parameters], { marker, user, environment })
    if (!wait) return
    await this.#follow(this.#process, timeout)
    await this.#within(started, timeout)
  }

  /** SIGINT, as Ctrl-C does; waits for the end. */
  quit(): Promise<Exit> {
    return this.#stop('SIGINT')
  }

  /** SIGTERM; waits for the end. */
  kill(): Promise<Exit> {
    return this.#stop('SIGTERM')
  }

  /** SIGKILL to the launcher alone; waits for its end, and that of its children, which have to notice. */
  async crash(): Promise<void> {
    this.process.signal('SIGKILL')
    await this.wait()
    let left: number[] = []
    const ended = async () => {
      left = await this.strayProcesses()
      return left.length === 0
    }
    const what = () => `the children ${left.join(', ')} of a killed launcher did not end`
    await waitUntil(ended, { timeout: STOP_TIMEOUT, what: () => `${what()} (known: ${this.#parts()})` })
  }

  /** Waits until `onitu` ends by itself. */
  async wait(timeout = STOP_TIMEOUT): Promise<Exit> {
    const exit = await withTimeout(this.process.exited, timeout, 'onitu did not end')
    await this.#unfollow()
    return exit
  }

  /** Stops what runs and forgets all handlers. May be called twice. */
  async close(): Promise<void> {
    this.unsetAllEvents()
    if (this.running) await this.kill()
    await this.#unfollow()
  }

  /** Another `onitu` command on the same setup: `run('status', '--json')`. */
  async run(...parameters: readonly string[]): Promise<RunResult> {
    const running = startOnitu([...parameters, ...this.#location()], { marker: this.#marker })
    const exit = await running.exited
    return { ...exit, stdout: running.stdout, stderr: running.stderr }
  }

  /** `onitu wait`: until nothing is pending anywhere. @throws TimeoutError with what it printed. `timeout` in ms. */
  async settle(timeout = 30_000): Promise<void> {
    const limit = scaled(timeout)
    const { status, stdout, stderr } = await this.run('wait', '--timeout', String(Math.ceil(limit / 1000)))
    if (status !== 0) throw new TimeoutError(`onitu wait gave ${status}: ${stderr}${stdout}`, limit)
  }

  /** The process of a part, `escalator`, `referee` or a service, as last heard. */
  pid(part: string): number | undefined {
    return this.#pids.get(part)
  }

  /** Pids of everything that was ever started for this launcher and still runs. */
  strayProcesses(): Promise<number[]> {
    return markedProcesses(this.#marker)
  }

  protected override dispatch(event: OnituEvent): void {
    if (event.type === 'process_state') this.#remember(event)
    super.dispatch(event)
  }

  #parts(): string {
    return [...this.#pids].map(([part, pid]) => `${part} ${pid}`).join(', ')
  }

  async #handOver(user: number): Promise<void> {
    const { folder, file, configDirectory } = this.setup
    for (const path of [folder, file, configDirectory]) await chown(path, user, user)
  }

  #location(): string[] {
    return ['--config-dir', this.setup.configDirectory, '--setup', this.setup.file]
  }

  #remember({ process, pid }: EventOf<'process_state'>): void {
    if (pid === null) this.#pids.delete(process)
    else this.#pids.set(process, pid)
  }

  async #allStarted(): Promise<void> {
    await new Promise<void>((resolve) => this.onSessionStarted(() => resolve()))
  }

  async #follow(running: OnituProcess, timeout: number): Promise<void> {
    const find = async () => {
      if (running.exit !== undefined) throw this.#ended()
      return findRuntimeDirectory(this.sessionDirectory, running.pid)
    }
    const runtime = await waitUntil(find, { timeout, step: 5, what: 'onitu wrote no session.json' })
    this.#bus = followBus(runtime, (event) => this.dispatch(event))
  }

  async #unfollow(): Promise<void> {
    await this.#bus?.close()
    this.#bus = undefined
  }

  async #within(started: Promise<void>, timeout: number): Promise<void> {
    const ended = this.process.exited.then(() => {
      throw this.#ended()
    })
    const what = () => `onitu did not start: ${this.process.stdout}${this.process.stderr}`
    await withTimeout(Promise.race([started, ended]), timeout, what)
  }

  #ended(): Error {
    const { exit, stdout, stderr } = this.process
    return new Error(`onitu ended with ${exit?.status ?? exit?.signal} instead of starting: ${stdout}${stderr}`)
  }

  async #stop(signal: NodeJS.Signals): Promise<Exit> {
    this.process.signal(signal)
    try {
      return await this.wait()
    } catch (error) {
      this.process.signal('SIGKILL')
      throw error
    }
  }
}

async function withTimeout<T>(promise: Promise<T>, timeout: number, what: string | (() => string)): Promise<T> {
  const limit = scaled(timeout)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new TimeoutError(typeof what === 'string' ? what : what(), limit))
    timer = setTimeout(fail, limit)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
