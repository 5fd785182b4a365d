import { dirname } from 'node:path'
import { type Client, connect } from '@onitu/escalator'
import type { Responder } from '@onitu/escalator/messaging'
import type { RemoteRequest } from '@onitu/majordomo'
import { keyPlaces } from '@onitu/majordomo/keys'
import { ipcAddress, type NewEvent, OnituError } from '@onitu/protocol'
import { type Bus, createBus } from './bus/bus.ts'
import { type DescribedEvent, describedEvent } from './bus/described-event.ts'
import { type LogFile, openLogFile } from './bus/log-file.ts'
import { collectConflicts } from './conflicts/collect-conflicts.ts'
import type { ConflictedFile, Resolution } from './conflicts/conflicted-file.ts'
import { resolveFile } from './conflicts/resolve-file.ts'
import { askPlug } from './control/ask-plug.ts'
import { type Controlled, createControlServer } from './control/control-server.ts'
import { controlService } from './control/control-service.ts'
import type { KeysChanged, ServiceAction } from './control/messages.ts'
import { createGate } from './gate.ts'
import { type HeldVerdict, type JudgedDeletions, judgeHeld } from './held/judge-held.ts'
import { collectHistory } from './history/collect-history.ts'
import type { FileHistory } from './history/file-history.ts'
import { folderRoots } from './history/folder-roots.ts'
import type { HistorySource } from './history/history-source.ts'
import { type FileArgument, type FilePlace, locateFile } from './history/locate-file.ts'
import { type RestoreResult, restoreVersion } from './history/restore-version.ts'
import type { RefereeSource } from './referee/ask-referee.ts'
import { openRemoteServices } from './remote/open-remote-services.ts'
import type { RemoteServices } from './remote/remote-services.ts'
import { openSession, type SessionFiles } from './session/open-session.ts'
import type { Setup } from './setup/setup.ts'
import { writeSetup } from './setup/write-setup.ts'
import { collectStatus } from './status/collect-status.ts'
import type { Status } from './status/status.ts'
import { createHub, type Hub, type HubOptions } from './supervisor/hub.ts'
import { retryWithEscalator } from './supervisor/retry-with-escalator.ts'
import { untilRunning } from './supervisor/until-running.ts'
import { type WaitResult, type WaitSource, waitUntilQuiet } from './wait/wait-until-quiet.ts'

export interface LauncherOptions extends Pick<HubOptions, 'policy' | 'grace' | 'entries'> {
  readonly setup: Setup
  /** Absolute; for messages and commands only. */
  readonly setupFile: string
  readonly configDirectory: string
  readonly debug?: boolean
  /** Hears every event of the session, with what the log says of it: many at a time while much happens. Does not throw. */
  readonly onEvents?: (events: readonly DescribedEvent[]) => void
}

const INFO = 30
const WARN = 40
/** ms: a service may have many files to hash before it can answer. The deadline of the one who waits is shorter or wanted so. */
const CATCH_UP_TIMEOUT = 2 ** 31 - 1

/** Runs a session: takes its files, starts its processes in order, keeps them running, and ends them in the reverse order. */
export class Launcher implements Controlled {
  readonly #options: LauncherOptions
  readonly #started = Date.now()
  readonly #stopping = new AbortController()
  /** Passed once every service was started for the first time. */
  readonly #begun = createGate()
  #files: SessionFiles | undefined
  #bus: Bus | undefined
  #log: LogFile | undefined
  #control: Responder | undefined
  #opening: Promise<Hub> | undefined
  #hub: Hub | undefined
  #remotes: RemoteServices | undefined
  #database: Client | undefined
  #stopped: Promise<void> | undefined
  #finish: () => void = () => undefined

  /** Settles when somebody asked the session to stop (a signal, `onitu stop`); then call `stop`. */
  readonly stopRequested: Promise<void> = new Promise((resolve) => {
    this.#finish = resolve
  })

  constructor(options: LauncherOptions) {
    this.#options = options
  }

  /**
   * Resolves when Escalator and Referee run and every service runs or has failed for the first time.
   * @throws OnituError `SESSION_RUNNING`, or why the session cannot start at all; `SESSION_STOPPING` when it was stopped meanwhile
   */
  async start(): Promise<void> {
    const { signal } = this.#stopping
    try {
      this.#opening = this.#open()
      const hub = await this.#opening
      await untilRunning(hub.escalator, signal)
      const warn = (message: string) => this.#warn(message)
      await retryWithEscalator(hub.escalator, signal, () => this.#writeSetup(), warn)
      await untilRunning(hub.referee, signal)
      // Whether it runs or not (its port may be taken): the services of this machine do not need it.
      if (!signal.aborted) await hub.majordomo?.start()
      await Promise.all([...hub.services.values()].map((service) => service.start()))
      this.#begun.open()
      signal.throwIfAborted()
      this.#publish({ type: 'session_started', session: this.#options.setup.name })
    } catch (error) {
      const { aborted, reason } = signal
      await this.stop()
      throw aborted ? reason : error
    }
  }

  requestStop(): void {
    this.#finish()
  }

  /** Services first, together, then Majordomo, the Referee, and Escalator. May be called twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Makes a stop that takes too long end at once. */
  kill(): void {
    for (const process of this.#hub?.processes() ?? []) process.destroy()
  }

  status(): Promise<Status> {
    return collectStatus({
      ...this.#opened(this.#hub),
      setup: this.#setup,
      setupFile: this.#options.setupFile,
      started: this.#started,
      database: this.#database,
      remotes: this.#remotes,
    })
  }

  async keysChanged(): Promise<KeysChanged> {
    return { ended: (await this.#remotes?.keysChanged()) ?? [] }
  }

  async setUpRemote(request: RemoteRequest): Promise<void> {
    await this.#begun.passed(this.#stopping.signal)
    this.#stopping.signal.throwIfAborted()
    await this.#opened(this.#remotes).setUp(request)
  }

  async wait(timeout: number | null, signal: AbortSignal): Promise<WaitResult> {
    const signals = [signal, this.#stopping.signal, ...(timeout === null ? [] : [AbortSignal.timeout(timeout)])]
    const deadline = AbortSignal.any(signals)
    // A service that was not started yet looks like one that is stopped on purpose, and has nothing to do.
    await this.#begun.passed(deadline)
    const result = await waitUntilQuiet(this.#waitSource(), deadline)
    if (!result.done) this.#stopping.signal.throwIfAborted()
    return result
  }

  service(action: ServiceAction, name: string): Promise<void> {
    return controlService(this.#opened(this.#hub).services, action, name)
  }

  history(file: FileArgument, signal: AbortSignal): Promise<FileHistory> {
    return collectHistory(this.#historySource(), this.#locate(file), signal)
  }

  restore(file: FileArgument, version: number, signal: AbortSignal): Promise<RestoreResult> {
    const place = this.#locate(file)
    return restoreVersion(this.#historySource(), place, version, AbortSignal.any([signal, this.#stopping.signal]))
  }

  conflicts(): Promise<ConflictedFile[]> {
    return collectConflicts(this.#opened(this.#database))
  }

  /** `keep`: a service, or `both`. */
  resolve(file: FileArgument, keep: string, signal: AbortSignal): Promise<Resolution> {
    const services = [...this.#setup.services.keys()]
    return resolveFile(
      this.#refereeSource(),
      services,
      this.#locate(file),
      keep,
      AbortSignal.any([signal, this.#stopping.signal]),
    )
  }

  async judgeHeld(verdict: HeldVerdict, signal: AbortSignal): Promise<JudgedDeletions> {
    const either = AbortSignal.any([signal, this.#stopping.signal])
    return judgeHeld(this.#refereeSource(), this.#setup, verdict, (event) => this.#publish(event), either)
  }

  /** With the services that clients of Majordomo set up. */
  get #setup(): Setup {
    return this.#remotes?.setup ?? this.#options.setup
  }

  async #open(): Promise<Hub> {
    const { setup, setupFile, configDirectory, debug = false, onEvents, ...supervision } = this.#options
    const files = openSession({ configDirectory, name: setup.name, setupFile })
    this.#files = files
    this.#bus = await createBus(files.runtime)
    const log = openLogFile(files.logs, debug, (error) =>
      this.#warn(`The log file cannot be written: ${error.message}`),
    )
    this.#log = log
    this.#bus.listen((events) => {
      const described = events.map(describedEvent)
      onEvents?.(described)
      log.write(described)
    })
    const keys = keyPlaces(dirname(files.database))
    this.#hub = createHub({
      ...supervision,
      setup,
      debug,
      keys,
      runtime: files.runtime,
      database: files.database,
      scratch: files.scratch,
      onLine: (process, message, from) =>
        this.#publish({ type: 'log', process, level: from === 'stderr' ? WARN : INFO, message }),
      onState: ({ name, state, pid, reason }) =>
        this.#publish({ type: 'process_state', process: name, state, pid, reason }),
    })
    this.#remotes = await openRemoteServices({
      setup,
      keys,
      runtime: files.runtime,
      hub: this.#hub,
      database: () => this.#database,
      driverUrl: supervision.entries?.remoteDriver,
      warn: (message) => this.#warn(message),
    })
    this.#control = await createControlServer(files.runtime, this)
    return this.#hub
  }

  async #writeSetup(): Promise<void> {
    const { runtime } = this.#opened(this.#files)
    const { signal } = this.#stopping
    this.#database ??= await connect({ address: ipcAddress(runtime, 'escalator'), signal })
    await this.#remotes?.load(this.#database)
    await writeSetup(this.#database, this.#setup)
  }

  #locate(file: FileArgument): FilePlace {
    const setup = this.#setup
    return locateFile(setup.folders, folderRoots(setup), file)
  }

  #waitSource(): WaitSource {
    const { referee, services } = this.#opened(this.#hub)
    const catchUp = async (service: string, signal: AbortSignal) => {
      await this.#ask(service, { type: 'catchUp' }, CATCH_UP_TIMEOUT, signal)
    }
    return { referee, services, bus: this.#opened(this.#bus), database: () => this.#database, catchUp }
  }

  #historySource(): HistorySource {
    const { services } = this.#opened(this.#hub)
    const ask: HistorySource['ask'] = (...question) => this.#ask(...question)
    return { setup: this.#setup, services, database: this.#opened(this.#database), ask }
  }

  #refereeSource(): RefereeSource {
    const wakeAddress = ipcAddress(this.#opened(this.#files).runtime, 'referee-wake')
    return { database: this.#opened(this.#database), wakeAddress }
  }

  #ask(service: string, body: unknown, timeout: number, signal: AbortSignal): Promise<unknown> {
    const socket = this.#opened(this.#hub).plugSocket(service)
    return askPlug(ipcAddress(this.#opened(this.#files).runtime, socket), body, timeout, signal)
  }

  async #stop(): Promise<void> {
    this.#publish({ type: 'session_stopping', session: this.#options.setup.name })
    this.#stopping.abort(new OnituError('SESSION_STOPPING', 'The session is stopping', { retryable: true }))
    // What is half open would be closed behind its back; whether opening fails is `start`'s to tell.
    await Promise.allSettled([this.#opening])
    try {
      // What it is doing may wait for processes, which end here.
      const remotes = this.#remotes?.close()
      await this.#hub?.closeServices()
      await this.#hub?.majordomo?.close()
      await this.#hub?.referee.close()
      await remotes
      // It may just have added one.
      await this.#hub?.closeServices()
      await this.#database?.close()
      await this.#hub?.escalator.close()
    } finally {
      await this.#control?.close()
      await this.#bus?.close()
      await this.#log?.close()
      this.#files?.close()
    }
  }

  #opened<T>(part: T | undefined): T {
    if (part === undefined) throw new OnituError('NOT_STARTED', 'The session is not started', { retryable: true })
    return part
  }

  #warn(message: string): void {
    this.#publish({ type: 'log', process: 'launcher', level: WARN, message })
  }

  #publish(event: NewEvent): void {
    this.#bus?.publish(event)
  }
}
