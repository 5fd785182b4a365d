import { keys, type ServiceState } from '@onitu/protocol'
import type { Engine } from './engine.ts'
import { untilAnswered } from './until-answered.ts'

interface FolderState {
  readonly available: boolean
  readonly reason?: string
}

/**
 * Which folders of the service can be reached. A folder that the service never had is not recorded before it is there:
 * the record is what says that its root may not be made again.
 */
export class FolderStates {
  readonly #engine: Engine
  #states = new Map<string, FolderState>()
  #recorded: Map<string, FolderState>
  #writing: Promise<void> = Promise.resolve()
  readonly #undecided = new Set<string>()

  constructor(engine: Engine, recorded: ServiceState) {
    this.#engine = engine
    this.#recorded = new Map(Object.entries(recorded.folders).map(([name, state]) => [name, clean(state)]))
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
    const before = this.#states.get(folder)?.available ?? this.#recorded.get(folder)?.available ?? true
    const state = available ? { available } : { available, reason }
    const decided = this.#undecided.delete(folder)
    this.#states.set(folder, state)
    if (available || this.#recorded.has(folder)) await this.#record(folder, state)
    if (before !== available) this.#tell(folder, available, reason)
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

function clean({ available, reason }: { available: boolean; reason?: string | undefined }): FolderState {
  return reason === undefined ? { available } : { available, reason }
}
