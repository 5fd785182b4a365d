import { isDeepStrictEqual } from 'node:util'
import { keys, type ServiceState } from '@onitu/protocol'
import type { Engine } from './engine.ts'
import { untilAnswered } from './until-answered.ts'

type FolderState = ServiceState['folders'][string]

/**
 * Which folders of the service can be reached. A folder that the service never had is recorded as such until it is there: the record is also
 * what says that its root may not be made again.
 */
export class FolderStates {
  readonly #engine: Engine
  #states = new Map<string, FolderState>()
  #recorded: Map<string, FolderState>
  #writing: Promise<void> = Promise.resolve()
  readonly #undecided = new Set<string>()

  constructor(engine: Engine, recorded: ServiceState) {
    this.#engine = engine
    this.#recorded = new Map(Object.entries(recorded.folders))
  }

  isAvailable(folder: string): boolean {
    return !this.#undecided.has(folder) && (this.#states.get(folder)?.available ?? true)
  }

  /** Whether nothing was said of the folder since `setUndecided`: its reports are taken, but nothing is done there yet. */
  isUndecided(folder: string): boolean {
    return this.#undecided.has(folder)
  }

  /** Durable when it resolves. Gives whether that changed anything. */
  async set(folder: string, available: boolean, reason: string): Promise<boolean> {
    const told = this.#states.get(folder)?.available
    const before = told ?? this.#recorded.get(folder)?.available ?? true
    const known = isKnown(this.#recorded.get(folder)) ? {} : ({ known: false } as const)
    const state: FolderState = available ? { available } : { available, reason, ...known }
    const decided = this.#undecided.delete(folder)
    this.#states.set(folder, state)
    const isRecorded = isDeepStrictEqual(this.#recorded.get(folder), state)
    await (isRecorded ? this.#writing : this.#record(folder, state))
    // What an earlier process has told of is not in the log of this session, so it is told of again.
    if (before !== available || (told === undefined && !available)) this.#tell(folder, available, reason)
    return decided || before !== available
  }

  /** The driver is about to say whether the folder can be reached. What is recorded stays. */
  setUndecided(folder: string): void {
    this.#undecided.add(folder)
  }

  /** The driver is up: what it has not called unavailable is there. */
  async confirm(): Promise<void> {
    for (const folder of this.#engine.folders.keys()) {
      if (this.isAvailable(folder)) await this.set(folder, true, '')
    }
  }

  #record(folder: string, state: FolderState): Promise<void> {
    this.#recorded.set(folder, state)
    const { db, service } = this.#engine
    const write = async () => {
      const value: ServiceState = { folders: Object.fromEntries(this.#recorded) }
      await untilAnswered(this.#engine, () => db.put(keys.serviceState(service), value))
    }
    this.#writing = this.#writing.then(write, write)
    return this.#writing
  }

  #tell(folder: string, available: boolean, reason: string): void {
    const { service, emit } = this.#engine
    if (available) emit({ type: 'service_available', service, folder })
    else emit({ type: 'service_unavailable', service, folder, reason })
  }
}

/** Whether the service had the folder at any time. */
export function isKnown(recorded: FolderState | undefined): boolean {
  return recorded !== undefined && recorded.known !== false
}
