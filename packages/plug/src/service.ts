import { createResponder, giveBackWhenSent, Reply, type Responder, type Subscriber } from '@onitu/escalator/messaging'
import { fileId, ipcAddress, isFileId, keys, OnituError } from '@onitu/protocol'
import type { Connection } from './connect-service.ts'
import type { Handlers } from './contract.ts'
import { Core } from './core.ts'
import type { Engine } from './engine.ts'
import type { RunContext } from './run-context.ts'
import { parseMessage, requestSchema } from './transfer/messages.ts'
import { SocketPeers } from './transfer/peers.ts'
import { Reading } from './transfer/reading.ts'

/** A Plug's core on its sockets. */
export class Service {
  readonly core: Core
  readonly #engine: Engine
  readonly #connection: Connection
  readonly #reading = new Reading()
  #responder: Responder | undefined
  #subscriber: Subscriber | undefined
  #wakes: Promise<void> | undefined

  constructor(engine: Engine, handlers: Partial<Handlers>, connection: Connection) {
    this.#engine = engine
    this.#connection = connection
    this.core = new Core(engine, handlers, new SocketPeers(connection.db, engine.clock))
  }

  /** Serves other Plugs and carries out orders. */
  async listen({ runtime, index, service }: RunContext, proposedChunkSize: number | undefined): Promise<void> {
    await this.core.agreeOnChunks(proposedChunkSize)
    this.#responder = await createResponder({
      address: ipcAddress(runtime, `plug-${index}`),
      handle: (body, { signal }) => this.#answer(body, signal),
    })
    await this.#engine.db.put(keys.port(`plug:${service}`), this.#responder.address)
    this.#subscriber = await this.#connection.subscribe(() => this.core.sweep())
    this.#wakes = this.#readWakes(this.#subscriber)
    await this.core.start()
  }

  async close(): Promise<void> {
    await this.#subscriber?.close()
    await this.#wakes
    await this.#responder?.close()
    await this.core.close()
  }

  async #readWakes(subscriber: Subscriber): Promise<void> {
    for await (const frames of subscriber) {
      for (const frame of frames.slice(2)) {
        const fid = Buffer.from(frame).toString()
        if (isFileId(fid)) this.core.wake(fid)
        else this.#engine.warn('The Referee sent a wake-up that cannot be read')
      }
    }
  }

  async #answer(body: unknown, signal: AbortSignal): Promise<unknown> {
    const { provider } = this.core
    const request = parseMessage(requestSchema, body, 'The request')
    switch (request.type) {
      case 'files': {
        const { reply, content } = await this.#reading.during(
          request.files.map(({ fid }) => fid),
          () => provider.files(request.files),
        )
        return new Reply(reply, [content])
      }
      case 'chunk': {
        const content = await this.#reading.during([request.fid], () =>
          provider.chunk(request, request.offset, request.size),
        )
        giveBackWhenSent(content)
        return new Reply({ active: provider.active }, [content])
      }
      case 'reading':
        return { reading: this.#reading.includes(request.fids) }
      case 'path':
        return (await this.#reading.during([request.fid], () => provider.path(request))) ?? { path: null }
      case 'staging':
        return { directory: (await this.core.stagingDirectory(request.folder)) ?? null }
      case 'take': {
        const take = () => this.core.early.take(request, signal)
        return { hash: (await this.#reading.during([fileId(request.folder, request.path)], take)) ?? null }
      }
      case 'catchUp':
        await this.core.catchUp(signal)
        return {}
      case 'history':
        return { entries: await this.core.listHistory(request.folder, request.hashes, signal) }
      case 'restore':
        await this.core.restore(request, AbortSignal.any([signal, this.#engine.signal]))
        return {}
      case 'ping':
        return this.core.counters()
      default:
        throw new OnituError('PROTOCOL', 'The request is of no known type')
    }
  }
}
