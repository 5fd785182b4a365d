import { createResponder, Reply, type Responder, type Subscriber } from '@onitu/escalator/messaging'
import { ipcAddress, isFileId, keys, OnituError } from '@onitu/protocol'
import { DriverCalls } from './call-driver.ts'
import type { Connection } from './connect-service.ts'
import type { Change, Handlers } from './contract.ts'
import type { Engine } from './engine.ts'
import { FileLocks } from './file-locks.ts'
import { Reporter } from './observe/reporter.ts'
import { OrderCommits } from './orders/order-commits.ts'
import { OrderQueue } from './orders/order-queue.ts'
import type { ReceiveTools } from './orders/receive-file.ts'
import { Progress } from './progress.ts'
import type { RunContext } from './run-context.ts'
import { ContentProvider } from './transfer/answer-content.ts'
import { Journals } from './transfer/journals.ts'
import { parseMessage, requestSchema } from './transfer/messages.ts'
import { SocketPeers } from './transfer/peers.ts'
import { readTopology, type Topology } from './transfer/topology.ts'

const TOPOLOGY_AGE = 30_000
const PROPOSED_CHUNK_SIZE = 1024 * 1024

/** The parts of a Plug that work together once it is connected. */
export class Service {
  readonly reporter: Reporter
  readonly #engine: Engine
  readonly #driver: DriverCalls
  readonly #connection: Connection
  readonly #queue: OrderQueue
  readonly #provider: ContentProvider
  readonly #journals: Journals
  readonly #peers: SocketPeers
  readonly #progress: Progress
  #responder: Responder | undefined
  #subscriber: Subscriber | undefined
  #reading: Promise<void> | undefined
  #topology: { readonly at: number; readonly value: Promise<Topology> } | undefined

  constructor(engine: Engine, handlers: Partial<Handlers>, connection: Connection) {
    this.#engine = engine
    this.#connection = connection
    this.#driver = new DriverCalls(handlers, engine.capabilities, engine.clock)
    this.#provider = new ContentProvider(engine, this.#driver)
    this.#journals = new Journals(engine)
    this.#peers = new SocketPeers(connection.db)
    this.#progress = new Progress(engine, () => this.#queue.load())
    const locks = new FileLocks()
    this.reporter = new Reporter(engine, this.#driver, locks, (fids) => this.#queue.touched(fids))
    const tools: ReceiveTools = {
      engine,
      driver: this.#driver,
      locks,
      journals: this.#journals,
      commits: new OrderCommits(engine),
      progress: this.#progress,
      peers: this.#peers,
      local: this.#provider,
      topology: () => this.#readTopology(),
      touched: (fids) => this.#queue.touched(fids),
      report: (changes: readonly Change[]) => this.reporter.report(changes),
    }
    this.#queue = new OrderQueue(tools, this.reporter)
  }

  /** Before the driver starts: it may report at once. */
  async prepare(): Promise<void> {
    await Promise.all([this.reporter.start(), this.#journals.load()])
  }

  /** Serves other Plugs and carries out orders. */
  async listen({ runtime, index, service }: RunContext, proposedChunkSize: number | undefined): Promise<void> {
    this.#engine.chunkSize = await this.#driver.setChunkSize(proposedChunkSize ?? PROPOSED_CHUNK_SIZE)
    this.#responder = await createResponder({
      address: ipcAddress(runtime, `plug-${index}`),
      handle: (body, { signal }) => this.#answer(body, signal),
    })
    await this.#engine.db.put(keys.port(`plug:${service}`), this.#responder.address)
    this.#subscriber = await this.#connection.subscribe(() => this.#sweep())
    this.#reading = this.#readWakes(this.#subscriber)
    await this.#queue.start()
  }

  /** A folder can be reached again. */
  resume(): void {
    this.#queue.resume()
    this.#sweep()
  }

  async close(): Promise<void> {
    await this.#subscriber?.close()
    await this.#reading
    await this.#responder?.close()
    await this.#queue.close()
    await this.reporter.idle()
    await this.#peers.close()
    await this.#driver.close()
  }

  async #readWakes(subscriber: Subscriber): Promise<void> {
    for await (const frames of subscriber) {
      const fid = frames[2] === undefined ? undefined : Buffer.from(frames[2]).toString()
      if (isFileId(fid)) this.#queue.wake(fid)
      else this.#engine.warn('The Referee sent a wake-up that cannot be read')
    }
  }

  #sweep(): void {
    this.#queue.sweep().catch((error: unknown) => this.#engine.warn('Looking for orders failed', error))
  }

  async #answer(body: unknown, signal: AbortSignal): Promise<unknown> {
    const request = parseMessage(requestSchema, body, 'The request')
    switch (request.type) {
      case 'files': {
        const { reply, content } = await this.#provider.files(request.files)
        return new Reply(reply, [content])
      }
      case 'chunk': {
        const content = await this.#provider.chunk(request, request.offset, request.size)
        return new Reply({ active: this.#provider.active }, [content])
      }
      case 'catchUp':
        await this.#driver.catchUp(signal)
        await this.reporter.idle()
        return {}
      case 'ping':
        return this.#progress.counters()
      default:
        throw new OnituError('PROTOCOL', 'The request is of no known type')
    }
  }

  /** The setup does not change while the session runs, but a service may be added by starting it again. */
  #readTopology(): Promise<Topology> {
    const now = this.#engine.clock.now()
    if (this.#topology === undefined || now - this.#topology.at > TOPOLOGY_AGE) {
      const value = readTopology(this.#engine.db)
      this.#topology = { at: now, value }
      value.catch(() => {
        this.#topology = undefined
      })
    }
    return this.#topology.value
  }
}
