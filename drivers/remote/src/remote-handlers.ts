import { type HandlerName, historySchema, storedSchema } from '@onitu/majordomo/hub'
import { type DriverPlug, type Handlers, type HistoryEntry, ServiceError, type Stored } from '@onitu/plug'
import { isOnituError, parseRecord } from '@onitu/protocol'
import * as v from 'valibot'
import type { ClientSession } from './client-session.ts'
import { plainContext } from './plain-context.ts'

const pathSchema = v.pipe(v.string(), v.maxLength(64 * 1024))
const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** About how many bytes a call takes beside contents. */
const CALL_WEIGHT = 500

interface Call {
  readonly signal?: AbortSignal | undefined
  readonly content?: Uint8Array
  /** Bytes that come back. */
  readonly expected?: number
  /** See CallOptions. */
  readonly inOrder?: true
}

/** The handlers of the client, as handlers of the Plug: those that the client has are registered when it says so. */
export class RemoteHandlers {
  readonly #plug: DriverPlug
  readonly #registered = new Set<HandlerName>()
  #client: ClientSession | undefined
  #waiting: (() => void)[] = []
  /** Of chunks that are on their way. */
  readonly #uploading = new Set<AbortSignal>()

  constructor(plug: DriverPlug) {
    this.#plug = plug
    plug.handler('catchUp', ({ signal }) => this.#catchUp(signal))
  }

  use(client: ClientSession): void {
    this.#client = client
  }

  leave(client: ClientSession): void {
    if (this.#client === client) this.#client = undefined
  }

  /** Resolves when a client serves. */
  async serving(): Promise<void> {
    while (this.#client?.isListening !== true) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** The client has begun to serve. */
  changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Handlers that the client has. */
  register(names: readonly HandlerName[]): void {
    for (const name of names) {
      if (this.#registered.has(name)) continue
      this.#registered.add(name)
      this.#handler(name)
    }
  }

  #handler(name: HandlerName): void {
    const handler = this.#handlers[name]
    // Each of them is of the type of its own name, which the compiler cannot follow through a lookup.
    if (handler !== undefined) this.#plug.handler(name, handler as Handlers[typeof name])
  }

  readonly #handlers: Partial<Handlers> = {
    normalizePath: async (folder, path) => parse(pathSchema, await this.#call('normalizePath', [folder, path])),
    setChunkSize: async (size) => parse(countSchema, await this.#call('setChunkSize', [size])),
    getFile: (metadata, context) =>
      this.#content('getFile', [metadata, plainContext(context)], metadata.size, context.signal),
    getChunk: (metadata, offset, size, context) =>
      this.#content('getChunk', [metadata, offset, size, plainContext(context)], size, context.signal),
    startUpload: (metadata, context) => this.#call('startUpload', [metadata, plainContext(context)], context),
    restartUpload: async (metadata, offset, context) =>
      parse(countSchema, await this.#call('restartUpload', [metadata, offset, plainContext(context)], context)),
    uploadChunk: (metadata, offset, content, context) => {
      const { signal } = context
      const args = [metadata, offset, plainContext(context)]
      return this.#uploaded(signal, this.#call('uploadChunk', args, { content, signal, inOrder: true }))
    },
    uploadFile: (metadata, content, context) => {
      const { signal } = context
      return this.#stored('uploadFile', [metadata, plainContext(context)], { content, signal })
    },
    endUpload: (metadata, context) => this.#stored('endUpload', [metadata, plainContext(context)], context),
    abortUpload: async (metadata, context) => {
      await this.#call('abortUpload', [metadata, plainContext(context)], context)
    },
    deleteFile: async (metadata, context) => {
      await this.#call('deleteFile', [metadata, plainContext(context)], context)
    },
    moveFile: (from, to, context) => this.#stored('moveFile', [from, to, plainContext(context)], context),
    setAttributes: (metadata, context) => this.#stored('setAttributes', [metadata, plainContext(context)], context),
    createDirectory: (metadata, context) => this.#stored('createDirectory', [metadata, plainContext(context)], context),
    listHistory: async (folder, hashes, { signal }): Promise<readonly HistoryEntry[]> =>
      parse(historySchema, await this.#call('listHistory', [folder, hashes], { signal })),
    getHistoryChunk: (folder, hash, offset, size, { signal }) =>
      this.#content('getHistoryChunk', [folder, hash, offset, size], size, signal),
  }

  /** On a slow network a chunk waits for those before it: each that has arrived is a sign that the others are at work. */
  async #uploaded(signal: AbortSignal, chunk: Promise<unknown>): Promise<void> {
    this.#uploading.add(signal)
    try {
      await chunk
      for (const other of this.#uploading) this.#plug.atWork(other)
    } finally {
      this.#uploading.delete(signal)
    }
  }

  /** A client that is away has nothing to catch up with: its folders cannot be reached, and are looked at when it is back. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    const client = this.#client
    if (client === undefined) return
    try {
      await client.listening(signal)
      if (this.#registered.has('catchUp') || client.has('catchUp')) await this.#call('catchUp', [], { signal })
    } catch (error) {
      if (this.#client === client) throw error
    }
  }

  async #stored(name: HandlerName, args: readonly unknown[], call: Call): Promise<Stored> {
    const { token, mtime, mode, extra } = parse(storedSchema, await this.#call(name, args, call))
    return {
      token,
      ...(mtime === undefined ? {} : { mtime }),
      ...(mode === undefined ? {} : { mode }),
      ...(extra === undefined ? {} : { extra }),
    }
  }

  async #content(
    name: HandlerName,
    args: readonly unknown[],
    expected: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { content } = await this.#session(name).call(name, args, {
      signal,
      expected: expected + CALL_WEIGHT,
      atWork: () => this.#plug.atWork(signal),
    })
    if (content === undefined || content.byteLength > expected) {
      throw new ServiceError(
        'BAD_ANSWER',
        `The client answered ${name} with ${content?.byteLength ?? 'no'} bytes, asked for ${expected}`,
      )
    }
    return content
  }

  async #call(
    name: HandlerName,
    args: readonly unknown[],
    { signal, content, inOrder, expected = CALL_WEIGHT }: Call = {},
  ): Promise<unknown> {
    const answer = await this.#session(name).call(name, args, {
      signal,
      expected,
      atWork: () => this.#tellOf(signal),
      ...(content && { content }),
      ...(inOrder && { inOrder }),
    })
    return answer.result
  }

  #tellOf(signal: AbortSignal | undefined): void {
    if (signal !== undefined) this.#plug.atWork(signal)
  }

  #session(name: HandlerName): ClientSession {
    if (this.#client !== undefined) return this.#client
    throw new ServiceError('REMOTE_AWAY', `The client of the service is not connected (${name})`)
  }
}

/** What a client answers is checked like everything else that it says. */
function parse<const S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  try {
    return parseRecord(schema, value, 'The answer of the client')
  } catch (cause) {
    if (!isOnituError(cause)) throw cause
    throw new ServiceError('BAD_ANSWER', cause.message, { cause })
  }
}
