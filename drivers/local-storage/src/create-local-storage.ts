import {
  ChangedError,
  ConflictError,
  DriverError,
  type DriverPlug,
  type HandlerContext,
  type Metadata,
  ServiceError,
} from '@onitu/plug'
import type { PlainFailure } from './failure.ts'
import { type FolderWorker, startFolderWorker } from './folder-worker.ts'
import type { KnownToken, MainMethods, Target } from './messages.ts'
import { localPathProblem } from './paths.ts'
import { SharedChunks } from './shared-chunks.ts'
import { withKnownHashes } from './with-known-hashes.ts'

export interface LocalStorage {
  /** Resolves when each folder is watched or known to be unavailable; what changed before is reported afterwards. */
  start(): Promise<void>
  close(): Promise<void>
}

const MIN_CHUNK = 64 * 1024
const MAX_CHUNK = 16 * 1024 * 1024
/** Files told to the worker in one message, so that a long list is never in memory as a whole. */
const KNOWN_PART = 1000

/** Registers the handlers of a service whose folders are on this machine. */
export function createLocalStorage(plug: DriverPlug): LocalStorage {
  const tellKnown: TellKnown = (folder, files) => worker.channel.call('known', { folder, files })
  const worker: FolderWorker = startFolderWorker(mainMethods(plug, tellKnown), toError, (error) => {
    // Without its worker the service can do nothing: the process ends and the launcher starts it again.
    plug.logger.fatal({ error: String(error) }, 'The file system worker ended')
    throw error
  })
  registerReading(plug, worker)
  registerWriting(plug, worker)
  registerChanging(plug, worker)
  plug.handler('catchUp', () => worker.channel.call('catchUp', null))
  plug.handler('close', () => worker.close())
  return {
    start: () =>
      worker.channel.call('start', {
        folders: [...plug.folders.values()],
        fsync: plug.options.fsync !== false,
        scanInterval: Number(plug.options.scan_interval ?? 600),
      }),
    close: () => worker.close(),
  }
}

type TellKnown = (folder: string, files: readonly KnownToken[]) => Promise<void>

function mainMethods(plug: DriverPlug, tellKnown: TellKnown): MainMethods {
  // Reports reach the Plug in the order in which they were made, whichever of them has to look up hashes first.
  let turn: Promise<unknown> = Promise.resolve()
  return {
    report: (changes) => {
      const completed = turn.then(() => withKnownHashes(plug, changes))
      turn = Promise.allSettled([completed])
      return completed.then((complete) => plug.report(complete))
    },
    setAvailable: ({ folder, available, reason }) => plug.setAvailable(folder, available, reason),
    listKnown: async (folder) => {
      let files: KnownToken[] = []
      for await (const { path, token } of plug.list(folder)) {
        if (files.push([path, token]) < KNOWN_PART) continue
        await tellKnown(folder, files)
        files = []
      }
      await tellKnown(folder, files)
    },
    problem: ({ folder, path, code, reason }) => plug.problem(folder, path, code, reason),
    offer: ({ file, from }) => plug.offerFile(file, from),
    log: ({ level, message }) => plug.logger[level](message),
  }
}

function registerReading(plug: DriverPlug, { channel }: FolderWorker): void {
  plug.handler('getFile', ({ folder, path }, { token, signal }) => {
    signal.throwIfAborted()
    return channel.call('getFile', { folder, path, token })
  })
  plug.handler('getChunk', ({ folder, path }, offset, size, { token, signal }) => {
    signal.throwIfAborted()
    return channel.call('getChunk', { folder, path, token, offset, size })
  })
  plug.handler('localPath', ({ folder, path }, { token, signal }) => {
    signal.throwIfAborted()
    return channel.call('localPath', { folder, path, token })
  })
  plug.handler('listHistory', (folder, hashes) => channel.call('listHistory', { folder, hashes }))
  plug.handler('getHistoryChunk', (folder, hash, offset, size, { signal }) => {
    signal.throwIfAborted()
    return channel.call('getHistoryChunk', { folder, hash, offset, size })
  })
  plug.handler('setChunkSize', async (size) => Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, size)))
  plug.handler('normalizePath', async (_folder, path) => {
    const problem = localPathProblem(path)
    if (problem !== undefined) throw new DriverError('INVALID_PATH', `The path ${JSON.stringify(path)} ${problem}`)
    return path
  })
}

function registerWriting(plug: DriverPlug, { channel }: FolderWorker): void {
  const chunks = new SharedChunks()
  plug.handler('uploadFile', (metadata, content, { token, replaced, signal }) => {
    signal.throwIfAborted()
    // Of its own: a message takes all the memory that a view is of, as that of the answer with many files.
    return channel.call('uploadFile', {
      target: targetOf(metadata),
      token,
      replaced,
      content: Uint8Array.from(content),
    })
  })
  plug.handler('startUpload', async (metadata, { token, signal }) => {
    signal.throwIfAborted()
    await channel.call('startUpload', { target: targetOf(metadata), token })
    // The temporary name follows from file and version: there is nothing to remember.
    return null
  })
  plug.handler('restartUpload', (metadata, offset) =>
    channel.call('restartUpload', { target: targetOf(metadata), offset }),
  )
  plug.handler('uploadChunk', (metadata, offset, chunk, { signal }) => {
    signal.throwIfAborted()
    const target = targetOf(metadata)
    return chunks.share(chunk, (shared) => channel.call('uploadChunk', { target, offset, chunk: shared }))
  })
  plug.handler('copyChunk', (metadata, offset, size, { from, signal }) => {
    signal.throwIfAborted()
    return channel.call('copyChunk', { target: targetOf(metadata), from, offset, size })
  })
  plug.handler('stagingDirectory', (folder, { signal }) => {
    signal.throwIfAborted()
    return channel.call('stagingDirectory', folder)
  })
  plug.handler('adoptFile', (metadata, { from, signal }) => {
    signal.throwIfAborted()
    return channel.call('adoptFile', { target: targetOf(metadata), from })
  })
  plug.handler('endUpload', (metadata, { token, replaced, signal }) => {
    signal.throwIfAborted()
    return channel.call('endUpload', { target: targetOf(metadata), token, replaced })
  })
  plug.handler('abortUpload', (metadata) => channel.call('abortUpload', { target: targetOf(metadata) }))
}

function registerChanging(plug: DriverPlug, { channel }: FolderWorker): void {
  const unlessAborted = ({ signal }: HandlerContext) => signal.throwIfAborted()
  plug.handler('deleteFile', async (metadata, context) => {
    unlessAborted(context)
    await channel.call('deleteFile', { target: targetOf(metadata), token: context.token })
  })
  plug.handler('moveFile', async (from, to, context) => {
    unlessAborted(context)
    return channel.call('moveFile', { from: targetOf(from), to: targetOf(to), token: context.token })
  })
  plug.handler('setAttributes', async (metadata, context) => {
    unlessAborted(context)
    return channel.call('setAttributes', { target: targetOf(metadata), token: context.token })
  })
  plug.handler('createDirectory', async (metadata, context) => {
    unlessAborted(context)
    return channel.call('createDirectory', { target: targetOf(metadata) })
  })
}

function targetOf({ fid, folder, path, kind, size, version, hash, mtime, mode }: Metadata): Target {
  return { fid, folder, path, kind, size, version, hash, mtime, mode }
}

function toError({ kind, code, message }: PlainFailure): Error {
  if (kind === 'changed') return new ChangedError(message)
  if (kind === 'conflict') return new ConflictError(message)
  return kind === 'driver' ? new DriverError(code, message) : new ServiceError(code, message)
}
