import { type Client, connect, type Server, startServer } from '@onitu/escalator'
import type { DriverPlug, OptionValue } from '@onitu/plug'
import { fileId } from '@onitu/protocol'
import { type TemporaryFolder, temporaryFolder } from '../../temporary-folder.ts'
import type { CaseContext } from '../case.ts'
import type { DriverDefinition, Place } from '../definition.ts'
import { ConformancePlug, FOLDER } from './conformance-plug.ts'
import { RunningService } from './running-service.ts'

export interface OpenOptions {
  /** Over those of the place. */
  readonly options?: Readonly<Record<string, OptionValue>>
}

/** Runs drivers on one place, one after the other, and takes everything away at the end. */
export class Bench implements CaseContext {
  readonly definition: DriverDefinition
  readonly place: Place
  readonly #database: DriverPlug['serviceDb'] | undefined
  readonly #services: RunningService[] = []
  readonly #tasks: (() => Promise<void>)[] = []

  // Cases take these apart, so they are bound.
  readonly open = (options: OpenOptions = {}): Promise<RunningService> => this.#open(options)
  readonly openSettled = async (options: OpenOptions = {}): Promise<RunningService> => {
    const service = await this.#open(options)
    await service.catchUp()
    return service
  }
  readonly afterwards = (task: () => Promise<void>): void => {
    this.#tasks.push(task)
  }

  constructor(definition: DriverDefinition, place: Place, database: DriverPlug['serviceDb'] | undefined) {
    this.definition = definition
    this.place = place
    this.#database = database
  }

  async #open({ options = {} }: OpenOptions): Promise<RunningService> {
    const { manifest, start } = this.definition
    const before = this.#services.at(-1)?.plug
    const identity = fileId('conformance', FOLDER)
    const plug = new ConformancePlug({
      manifest,
      folder: { name: FOLDER, path: this.place.path, mode: 'rw', identity, known: before !== undefined },
      options: { ...this.place.options, ...options },
      database: this.#database,
    })
    for (const [path, file] of before?.known ?? []) plug.known.set(path, file)
    const driver = await start(plug)
    const service = new RunningService(plug, manifest.capabilities, () => driver.close())
    this.#services.push(service)
    return service.prepare()
  }

  get said(): readonly string[] {
    return this.#services.flatMap(({ plug }) => plug.said)
  }

  async close(): Promise<void> {
    for (const service of this.#services.reverse()) await service.close()
    for (const task of this.#tasks.reverse()) await task()
  }
}

/** The database of drivers that keep something of their own, empty for each case. */
export class CaseDatabase {
  readonly client: Client
  readonly #server: Server
  readonly #folder: TemporaryFolder

  constructor(client: Client, server: Server, folder: TemporaryFolder) {
    this.client = client
    this.#server = server
    this.#folder = folder
  }

  static async start(): Promise<CaseDatabase> {
    const folder = await temporaryFolder('onitu-db-')
    const address = `ipc://${folder.path}/socket`
    const server = await startServer({ address, directory: `${folder.path}/db` })
    return new CaseDatabase(await connect({ address }), server, folder)
  }

  async close(): Promise<void> {
    await this.client.close()
    await this.#server.close()
    await this.#folder.remove()
  }
}
