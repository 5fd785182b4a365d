import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, type Server, startServer } from '@onitu/escalator'
import { createPublisher, createPuller, decodeEvents, type Publisher, type Puller } from '@onitu/escalator/messaging'
import {
  type EventType,
  type FileRecord,
  fileId,
  type Head,
  ipcAddress,
  keys,
  type Observation,
  type OnituEvent,
  type Order,
} from '@onitu/protocol'
import type { Capabilities, Handlers, OptionValue } from '../../src/contract.ts'
import { defineDriver } from '../../src/define-driver.ts'
import { Plug } from '../../src/plug.ts'
import type { RunningDriver } from '../../src/run-context.ts'
import { capabilities, MemoryFiles } from './memory-files.ts'

export interface TestService {
  readonly name: string
  readonly plug: Plug
  readonly files: MemoryFiles
  readonly running: RunningDriver
}

export interface ServiceOptions {
  readonly files?: MemoryFiles
  readonly capabilities?: Partial<Capabilities>
  readonly handlers?: Partial<Handlers>
  /** Has a place to put large contents aside. */
  readonly spools?: boolean
  /** What the driver does before it serves. */
  readonly start?: (plug: Plug) => Promise<void>
}

/** A real Escalator, real sockets and Plugs; the Referee is the test, which writes heads and orders by hand. */
export class Hub {
  readonly events: OnituEvent[] = []
  readonly #directory: string
  readonly #server: Server
  readonly db: Client
  readonly #publisher: Publisher
  readonly #bus: Puller
  readonly #wakes: Puller
  readonly #running: TestService[] = []
  #changed: (() => void)[] = []
  #version = 0
  #index = 0

  constructor(directory: string, server: Server, db: Client, publisher: Publisher, bus: Puller, wakes: Puller) {
    this.#directory = directory
    this.#server = server
    this.db = db
    this.#publisher = publisher
    this.#bus = bus
    this.#wakes = wakes
  }

  static async start(services: Readonly<Record<string, Readonly<Record<string, OptionValue>>>>): Promise<Hub> {
    const directory = await mkdtemp(join(tmpdir(), 'plug-'))
    const address = ipcAddress(directory, 'escalator')
    const server = await startServer({ address, directory: join(directory, 'db') })
    const db = await connect({ address })
    const publisher = await createPublisher({ address: ipcAddress(directory, 'referee-events') })
    const bus = await createPuller({ address: ipcAddress(directory, 'bus-in') })
    const wakes = await createPuller({ address: ipcAddress(directory, 'referee-wake') })
    const hub = new Hub(directory, server, db, publisher, bus, wakes)
    await db.put(keys.services, Object.keys(services))
    for (const [name, { mode = 'rw', ...options }] of Object.entries(services)) {
      await db.put(keys.serviceOptions(name), options)
      await db.put(keys.serviceFolders(name), ['docs'])
      await db.put(keys.serviceFolderPath(name, 'docs'), `/${name}`)
      await db.put(keys.serviceFolderOptions(name, 'docs'), { mode })
    }
    void hub.#readEvents()
    void hub.#readWakes()
    return hub
  }

  async run(name: string, options: ServiceOptions = {}): Promise<TestService> {
    const files = options.files ?? new MemoryFiles()
    const plug = new Plug()
    files.register(plug)
    for (const [handler, call] of Object.entries(options.handlers ?? {})) {
      plug.handler(handler as keyof Handlers, call as never)
    }
    const manifest = {
      name: 'test',
      description: '',
      velocity: 0.5,
      capabilities: { ...capabilities, ...options.capabilities },
      options: {},
    }
    this.#index += 1
    const start = async () => {
      await options.start?.(plug)
      await plug.listen()
    }
    const running = await defineDriver({ manifest, plug, start }).run({
      session: 'test',
      service: name,
      escalator: this.#server.address,
      runtime: this.#directory,
      bus: ipcAddress(this.#directory, 'bus-in'),
      index: this.#index,
      debug: true,
      ...(options.spools === true && { scratch: join(this.#directory, 'scratch', name) }),
    })
    const service = { name, plug, files, running }
    this.#running.push(service)
    return service
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map(({ running }) => running.close()))
    await this.db.close()
    await Promise.all([this.#publisher.close(), this.#bus.close(), this.#wakes.close()])
    await this.#server.close()
    await rm(this.#directory, { recursive: true })
  }

  /** What the Referee would do with an observation that is accepted: a new head, and orders. */
  async accept(service: TestService, path: string): Promise<Head> {
    const record = await this.record(service.name, path)
    if (record === undefined) throw new Error(`${service.name} has no record of ${path}`)
    await this.emptyOutbox(service.name)
    const head = this.head(path, record, service.name)
    await this.order(service.name, head)
    return head
  }

  head(path: string, content: Partial<Head>, origin: string): Head {
    this.#version += 1
    const { kind = 'file', size = 0, hash = '', mtime = null, mode = null, deleted = false } = content
    const fid = fileId('docs', path)
    const moved = {
      ...(content.movedFrom === undefined ? {} : { movedFrom: content.movedFrom }),
      ...(content.movedTo === undefined ? {} : { movedTo: content.movedTo }),
    }
    const file = { fid, folder: 'docs', path, kind, size, hash, mtime, mode, deleted, origin, ...moved }
    return { ...file, version: this.#version, mimetype: 'text/plain', parents: [] }
  }

  async order(service: string, head: Head, order: Partial<Order> = {}): Promise<void> {
    const value: Order = { version: head.version, ...order }
    await this.db.batch([
      { type: 'put', key: keys.head(head.fid), value: head },
      { type: 'put', key: keys.order(service, head.fid), value },
    ])
    this.wake(service, head.fid)
  }

  wake(service: string, fid: string): void {
    this.#publisher.publish([`${service}:`, service, fid])
  }

  record(service: string, path: string): Promise<FileRecord | undefined> {
    return this.db.get<FileRecord, undefined>(keys.file(service, fileId('docs', path)), { default: undefined })
  }

  outbox(service: string): Promise<Observation[]> {
    return this.db.values<Observation>({ prefix: keys.outboxPrefix(service) }).all()
  }

  async emptyOutbox(service: string): Promise<void> {
    for (const key of await this.db.keys({ prefix: keys.outboxPrefix(service) }).all()) await this.db.delete(key)
  }

  orders(service: string): Promise<string[]> {
    return this.db.keys({ prefix: keys.orderPrefix(service), limit: 10 }).all()
  }

  async done(service: string): Promise<void> {
    await this.until(async () => (await this.orders(service)).length === 0)
  }

  eventsOf(type: EventType, service: string): OnituEvent[] {
    return this.events.filter((event) => event.type === type && 'service' in event && event.service === service)
  }

  async event(type: EventType, service: string): Promise<OnituEvent> {
    await this.until(async () => this.eventsOf(type, service).length > 0)
    const [first] = this.eventsOf(type, service)
    if (first === undefined) throw new Error(`No ${type}`)
    return first
  }

  /** Looks again whenever something is heard on the bus, and now and then. */
  async until(condition: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + 20_000
    while (!(await condition())) {
      if (Date.now() > end) throw new Error(`Gave up waiting; last events: ${JSON.stringify(this.events.slice(-8))}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 20)
        this.#changed.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  async #readEvents(): Promise<void> {
    for await (const [frame] of this.#bus) {
      if (frame !== undefined) this.events.push(...decodeEvents(frame))
      for (const wake of this.#changed.splice(0)) wake()
    }
  }

  async #readWakes(): Promise<void> {
    for await (const _ of this.#wakes) for (const wake of this.#changed.splice(0)) wake()
  }
}
