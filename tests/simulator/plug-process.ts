import { setMaxListeners } from 'node:events'
import { fileRecordSchema, isOnituError, keys, OnituError, parseRecord } from '@onitu/protocol'
import { Core } from '../../packages/plug/src/core.ts'
import type { Clock, Engine } from '../../packages/plug/src/engine.ts'
import { FolderStates } from '../../packages/plug/src/folder-states.ts'
import { readServiceSetup } from '../../packages/plug/src/service-setup.ts'
import { SimulatedDatabase } from './database.ts'
import { SimulatedDriver } from './driver.ts'
import { SimulatedPeers } from './peers.ts'
import type { Owner } from './scheduler.ts'
import { FOLDER, type Storage } from './storage.ts'
import { type Known, Watcher } from './watcher.ts'
import type { World } from './world.ts'

/** The process of one service, from its start until it is killed. */
export class PlugProcess implements Owner {
  readonly name: string
  alive = true
  isListening = false
  core: Core | undefined
  watcher: Watcher | undefined
  readonly db: SimulatedDatabase
  readonly #world: World
  readonly #storage: Storage

  constructor(world: World, storage: Storage) {
    this.name = storage.name
    this.#world = world
    this.#storage = storage
    this.db = new SimulatedDatabase(world.scheduler, this, world.store, world.seams)
  }

  /** Rejects when it cannot be started: whoever supervises it tries again. */
  async start(): Promise<void> {
    const { name } = this
    const manifest = {
      name: 'simulated',
      description: '',
      velocity: 0.5,
      capabilities: this.#storage.kind.capabilities,
      options: {},
    }
    const setup = await readServiceSetup(this.db.database, 'simulation', name, manifest)
    const engine: Engine = this.#engine(setup.folders, (folder) => states.isAvailable(folder))
    const states = new FolderStates(engine, setup.state)
    const core = this.#makeCore(engine, states)
    await core.prepare()
    await this.watcher?.start()
    await states.confirm()
    await core.agreeOnChunks(undefined)
    this.isListening = true
    await core.start()
  }

  #engine(folders: Engine['folders'], isAvailable: (folder: string) => boolean): Engine {
    const { scheduler, seams } = this.#world
    const engine: Engine = {
      service: this.name,
      db: this.db.database,
      clock: this.#clock(),
      random: () => scheduler.random.below(1000) / 1000,
      folders,
      capabilities: this.#storage.kind.capabilities,
      chunkSize: 1024 * 1024,
      signal: neverAborted(),
      emit: () => undefined,
      wakeReferee: () => this.#world.wakeReferee(this.name),
      warn: (message, error) => this.#warn(message, error),
      isAvailable,
    }
    return { ...engine, ...seams.engine?.(engine) }
  }

  #clock(): Clock {
    const { scheduler } = this.#world
    return {
      now: () => scheduler.now(),
      elapsed: () => scheduler.elapsed,
      after: (ms, callback) => scheduler.after(this, ms, callback),
      soon: (callback) => scheduler.post(this, `${this.name} soon`, callback),
    }
  }

  #makeCore(engine: Engine, states: FolderStates): Core {
    const { scheduler, seams } = this.#world
    const watcher: Watcher = new Watcher(scheduler, this, this.#storage, {
      report: (changes) => core.reporter.report(changes),
      listKnown: () => this.#listKnown(),
      setAvailable: async (available) => {
        const changed = await states.set(FOLDER, available, 'the root is away')
        if (changed && available) core.resume()
      },
      failed: (error) => this.#world.fail(error),
      believesParts: seams.believesParts === true,
      believesAbsence: seams.believesAbsence === true,
      believesLate: seams.believesLate === true,
      believesTokens: seams.believesTokens === true,
      faults: () => this.#world.faults.driver,
    })
    const driver = new SimulatedDriver(this.#world.driverWorld, this, this.#storage, watcher)
    const handlers = driver.handlers()
    const core: Core = new Core(
      engine,
      seams.handlers?.(handlers, this.#storage) ?? handlers,
      new SimulatedPeers(this.#world, this),
    )
    this.core = core
    this.watcher = watcher
    return core
  }

  async #listKnown(): Promise<Known[]> {
    const known: Known[] = []
    for await (const [key, value] of this.db.range({ prefix: keys.filePrefix(this.name) })) {
      const { token, path, hash } = parseRecord(fileRecordSchema, value, String(key))
      if (token !== null) known.push([path, { token, hash }])
    }
    return known
  }

  #warn(message: string, error: unknown): void {
    this.#world.scheduler.note(`${this.name} warns: ${message} ${error instanceof OnituError ? error.code : ''}`)
    if (error !== undefined && !isOnituError(error)) this.#world.fail(error)
  }
}

/** Every running call listens to it. */
function neverAborted(): AbortSignal {
  const { signal } = new AbortController()
  setMaxListeners(0, signal)
  return signal
}
