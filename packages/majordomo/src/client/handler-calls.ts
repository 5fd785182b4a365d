import { type Capabilities, type Handlers, type Metadata, OnituError, type ServiceFolder } from '@onitu/plug'
import { parseRecord } from '@onitu/protocol'
import { type IncomingCall, WithContent } from '../rpc/answerer.ts'
import { type HandlerName, handlerNames, handlerSchemas } from '../wire/call-schemas.ts'
import { ArrivingContents } from './arriving-contents.ts'
import { ChunkTurns } from './chunk-turns.ts'

/** Handlers that write: they wait until the driver has started. */
const READING: ReadonlySet<string> = new Set(['getChunk', 'getFile', 'normalizePath', 'setChunkSize'])

type Handler = (...args: unknown[]) => Promise<unknown>

/** Answers calls of the hub with the handlers of the driver, once they are there. */
export class HandlerCalls {
  #handlers: Partial<Handlers> = {}
  #folders: ReadonlyMap<string, ServiceFolder> = new Map()
  #isListening = false
  #stopped = false
  /** What tells the hub that a call goes on, by its signal. */
  readonly #running = new Map<AbortSignal, () => void>()
  #waiting: (() => void)[] = []
  readonly #turns: ChunkTurns
  readonly #contents = new ArrivingContents()

  constructor({ parallelChunks = 1 }: Pick<Capabilities, 'parallelChunks'>) {
    this.#turns = new ChunkTurns(parallelChunks)
  }

  /** From here on reading handlers may be called. */
  serve(handlers: Partial<Handlers>, folders: ReadonlyMap<string, ServiceFolder>): void {
    this.#handlers = handlers
    this.#folders = folders
  }

  /** From here on all. */
  listen(): void {
    this.#isListening = true
    this.#wake()
  }

  /** The call that got this signal goes on, or all of them. */
  atWork(signal: AbortSignal | undefined): void {
    if (signal !== undefined) this.#running.get(signal)?.()
    else for (const tell of this.#running.values()) tell()
  }

  /** Nothing more is begun. */
  stop(): void {
    this.#stopped = true
    this.#wake()
  }

  /** Resolves when no handler runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** @throws what the handler throws; OnituError `NOT_SUPPORTED`, `INVALID_RECORD`, `UNKNOWN_FOLDER`, `STOPPING` */
  async answer(call: IncomingCall): Promise<unknown> {
    const name = handlerNames.find((known) => known === call.method)
    if (name === undefined) throw new OnituError('NOT_SUPPORTED', `There is no handler ${JSON.stringify(call.method)}`)
    const args = parseRecord(handlerSchemas[name], call.args, `The call of ${name}`)
    this.#checkFolders(args)
    const handler = await this.#ready(name, call.signal)
    this.#running.set(call.signal, call.atWork)
    try {
      const answer = await this.#run(name, args, call, handler)
      return answer instanceof Uint8Array ? new WithContent(null, answer) : answer
    } finally {
      this.#running.delete(call.signal)
      this.#wake()
    }
  }

  /** Calls the handler, around what has to be proven of contents. */
  async #run(name: HandlerName, args: readonly unknown[], call: IncomingCall, handler: Handler): Promise<unknown> {
    const run = () => handler(...withParts(name, args, call))
    // As the schema of each of these says.
    const file = args[0] as Metadata
    switch (name) {
      case 'startUpload': {
        const state = await run()
        this.#contents.begin(file)
        return state
      }
      case 'restartUpload': {
        const offset = await run()
        await this.#contents.goOn(file, Math.min(Number(offset), Number(args[1])))
        return offset
      }
      case 'uploadChunk': {
        const hashed = this.#contents.add(file, Number(args[1]), contentOf(call, name))
        await Promise.all([hashed, this.#turns.run(file.fid, run)])
        return null
      }
      case 'uploadFile':
        this.#contents.proveWhole(file, contentOf(call, name))
        return run()
      case 'endUpload':
        await this.#proveUpload(file, args, call.signal)
        return run()
      case 'abortUpload':
        this.#contents.forget(file)
        return run()
      default:
        return run()
    }
  }

  /** Of one that is wrong nothing is left, or it would be gone on with. */
  async #proveUpload(file: Metadata, args: readonly unknown[], signal: AbortSignal): Promise<void> {
    try {
      await this.#contents.prove(file)
    } catch (error) {
      const { state } = args[1] as { readonly state?: unknown }
      await this.#handlers.abortUpload?.(file, { state, signal })
      throw error
    }
  }

  /** The hub too may only speak of folders that it was told of. */
  #checkFolders(args: readonly unknown[]): void {
    for (const folder of args.map(folderOf)) {
      if (folder !== undefined && !this.#folders.has(folder))
        throw new OnituError('UNKNOWN_FOLDER', `This client has no folder ${JSON.stringify(folder)}`)
    }
  }

  async #ready(name: HandlerName, signal: AbortSignal): Promise<Handler> {
    for (;;) {
      if (this.#stopped) throw new OnituError('STOPPING', 'The driver is stopping', { retryable: true })
      signal.throwIfAborted()
      const handler = this.#handlers[name]
      if (handler !== undefined && (this.#isListening || READING.has(name))) return handler as Handler
      if (this.#isListening) throw new OnituError('NOT_SUPPORTED', `The driver has no handler ${name}`)
      await this.#change(signal)
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
      this.#waiting.push(done)
    })
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** Where a handler takes a folder, it is its first argument; else it is in the metadata. */
function folderOf(argument: unknown, index: number): string | undefined {
  if (typeof argument === 'string') return index === 0 ? argument : undefined
  if (typeof argument !== 'object' || argument === null || !('folder' in argument)) return undefined
  return String(argument.folder)
}

/** The arguments as the driver takes them: contents where they belong, and the signal in the context. */
function withParts(name: HandlerName, args: readonly unknown[], call: IncomingCall): unknown[] {
  const { signal } = call
  if (name === 'normalizePath' || name === 'setChunkSize') return [...args]
  if (name === 'listHistory' || name === 'getHistoryChunk' || name === 'catchUp') return [...args, { signal }]
  const last = args.at(-1)
  const context = { ...(typeof last === 'object' ? last : {}), signal }
  const before = args.slice(0, -1)
  if (name !== 'uploadChunk' && name !== 'uploadFile') return [...before, context]
  return [...before, contentOf(call, name), context]
}

function contentOf({ content }: IncomingCall, name: HandlerName): Uint8Array {
  if (content !== undefined) return content
  throw new OnituError('PROTOCOL', `The call of ${name} has no content`)
}
