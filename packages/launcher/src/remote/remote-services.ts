import { isDeepStrictEqual } from 'node:util'
import type { Database, Operation } from '@onitu/escalator'
import type { RemoteRecord, RemoteRequest } from '@onitu/majordomo'
import type { MajordomoStatus } from '@onitu/majordomo/control'
import { type AuthorizedKey, readAuthorizedKeys } from '@onitu/majordomo/keys'
import { isOnituError, keys, OnituError } from '@onitu/protocol'
import type { Setup } from '../setup/setup.ts'
import { changeSetup } from '../setup/write-setup.ts'
import type { Hub } from '../supervisor/hub.ts'
import { grantRemote } from './grant-remote.ts'
import { type Merged, mergeRemotes } from './merge-remotes.ts'
import { readRemoteRecords } from './read-records.ts'

export interface RemoteServicesOptions {
  /** Of the setup file. */
  readonly setup: Setup
  readonly authorizedKeys: string
  /** File URL of the module of driver-remote. */
  readonly driverUrl: string
  readonly hub: Hub
  /** Undefined while the session comes up. */
  readonly database: () => Database | undefined
  /** Has Majordomo go by the list of keys as it is now: nothing is read from or sent to revoked clients after that. */
  readonly cutOff: () => Promise<void>
  readonly majordomoStatus: () => Promise<MajordomoStatus>
  /** Tells when the list of keys was changed; gives what ends it. */
  readonly watch: (changed: () => void) => () => void
  readonly warn: (message: string) => void
}

/** The services that clients of Majordomo set up: kept in the database, and in the setup that the session runs under. */
export class RemoteServices {
  readonly #options: RemoteServicesOptions
  #keys: readonly AuthorizedKey[] = []
  #records = new Map<string, RemoteRecord>()
  #merged: Merged
  #closed = false
  #unwatch = () => {}
  /** Changes of the setup are made one after the other. */
  #work: Promise<unknown> = Promise.resolve()

  constructor(options: RemoteServicesOptions) {
    this.#options = options
    this.#merged = { setup: options.setup, resting: [] }
  }

  /** The setup of the file with the services of clients. */
  get setup(): Setup {
    return this.#merged.setup
  }

  /** Services of clients that do not run, and why. */
  get resting(): Merged['resting'] {
    return this.#merged.resting
  }

  /** By name: the service as its client stated it. */
  get records(): ReadonlyMap<string, RemoteRecord> {
    return this.#records
  }

  /** Before anything is started: what there was when the session ended. Gives the whole setup. */
  async load(database: Database): Promise<Setup> {
    this.#keys = await readAuthorizedKeys(this.#options.authorizedKeys)
    this.#records = await readRemoteRecords(database)
    this.#merged = this.#merge()
    for (const { service, revoked, reason } of this.resting) {
      if (revoked === null) this.#options.warn(`The remote service ${service} is left out: ${reason}`)
    }
    for (const name of this.#remoteNames(this.setup)) if (!this.#options.hub.services.has(name)) this.#add(name)
    this.#unwatch()
    this.#unwatch = this.#options.watch(() => void this.#follow())
    return this.setup
  }

  /**
   * A client that has proved its key states its service. Resolves when the service is part of the session and was started.
   * @throws OnituError `REMOTE_REFUSED`, which trying again does not help; others that it does
   */
  setUp({ service, record }: RemoteRequest): Promise<void> {
    return this.#inTurn(async () => {
      this.#keys = await readAuthorizedKeys(this.#options.authorizedKeys)
      const { setup, driverUrl } = this.#options
      const { problems } = grantRemote(service, record, this.#keys, setup, driverUrl)
      if (problems.length > 0)
        throw new OnituError(
          'REMOTE_REFUSED',
          `The hub refuses the service ${JSON.stringify(service)}: ${problems.join('; ')}`,
        )
      if (isDeepStrictEqual(this.#records.get(service), record) && this.setup.services.has(service)) return
      const records = new Map(this.#records).set(service, record)
      await this.#change(records, [{ type: 'put', key: keys.remote(service), value: record }])
    })
  }

  /**
   * The list of keys was changed. Resolves when it is in force; gives the services that have ended because their keys were revoked, also
   * those that ended before: the file is watched too, and whoever says that it was changed may come second.
   */
  keysChanged(): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      // First of all, and whatever then goes wrong.
      await this.#options.cutOff()
      this.#keys = await readAuthorizedKeys(this.#options.authorizedKeys)
      if (this.#options.database() !== undefined) await this.#change(this.#records, [])
      return this.resting.filter(({ revoked }) => revoked !== null).map(({ service }) => service)
    })
  }

  /** Undefined when Majordomo does not answer. */
  async majordomoStatus(): Promise<MajordomoStatus | undefined> {
    try {
      return await this.#options.majordomoStatus()
    } catch (error) {
      if (isOnituError(error)) return undefined
      throw error
    }
  }

  /** Waits for what is under way; nothing is begun any more. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true
    this.#unwatch()
    await Promise.allSettled([this.#work])
  }

  /** The list was changed by hand, or by a command that did not get to say so. */
  async #follow(): Promise<void> {
    try {
      if (!this.#closed) await this.keysChanged()
    } catch (error) {
      this.#options.warn(`The changed keys are not in force: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #merge(records: ReadonlyMap<string, RemoteRecord> = this.#records): Merged {
    return mergeRemotes(this.#options.setup, records, this.#keys, this.#options.driverUrl)
  }

  /** Services first, so that nobody acts on what is about to go; the Referee judges everything anew when it starts again. */
  async #change(records: Map<string, RemoteRecord>, more: readonly Operation[]): Promise<void> {
    const { hub } = this.#options
    const merged = this.#merge(records)
    const changed = this.#changedNames(merged.setup, records)
    const database = this.#openDatabase()
    if (changed.length === 0) {
      if (more.length > 0) await database.batch(more, { sync: true })
      this.#records = records
      this.#merged = merged
    } else {
      await Promise.all(changed.map((name) => hub.services.get(name)?.stop()))
      await hub.referee.stop()
      try {
        await changeSetup(database, merged.setup, more)
        this.#records = records
        this.#merged = merged
      } finally {
        // Also after a failure: what is still good goes on as it was. What was revoked stays stopped.
        if (!this.#closed) await hub.referee.start()
        if (!this.#closed) await Promise.all(changed.map((name) => this.#restart(name, merged.setup)))
      }
    }
  }

  async #restart(name: string, wanted: Setup): Promise<void> {
    const { hub } = this.#options
    if (this.setup.services.has(name) && wanted.services.has(name))
      await (hub.services.get(name) ?? this.#add(name)).start()
    else await hub.removeService(name)
  }

  #add(name: string) {
    return this.#options.hub.addService(name, this.#options.driverUrl)
  }

  /** Services of clients that come, go, or become another. */
  #changedNames(next: Setup, records: ReadonlyMap<string, RemoteRecord>): string[] {
    const names = new Set([...this.#remoteNames(this.setup), ...this.#remoteNames(next)])
    return [...names].filter(
      (name) =>
        !isDeepStrictEqual(this.setup.services.get(name), next.services.get(name)) ||
        // Its process goes by what the driver on the client can do.
        !isDeepStrictEqual(this.#records.get(name)?.setup.driver, records.get(name)?.setup.driver),
    )
  }

  #remoteNames({ services }: Setup): string[] {
    return [...services.keys()].filter((name) => !this.#options.setup.services.has(name))
  }

  #openDatabase(): Database {
    const database = this.#options.database()
    if (database === undefined || this.#closed)
      throw new OnituError('NOT_STARTED', 'The session does not run (yet, or any more)', { retryable: true })
    return database
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(task, task)
    this.#work = turn.catch((error: unknown) => error)
    return turn
  }
}
