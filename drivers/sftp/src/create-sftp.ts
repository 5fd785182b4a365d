import { DriverError, type DriverPlug, type HandlerContext, type Metadata, type Stored } from '@onitu/plug'
import { Pace } from '@onitu/plug/kit'
import { Connection } from './connection/connection.ts'
import { createDirectory, deleteFile, moveFile, setAttributes } from './files/changing.ts'
import { readFile } from './files/reading.ts'
import { writeSmall } from './files/small-writes.ts'
import type { Flow } from './files/transfer.ts'
import { Uploads } from './files/uploads.ts'
import { Folder } from './folder.ts'
import { readOptions, type SftpOptions } from './options/read-options.ts'
import { requirePath } from './paths.ts'
import { Watcher } from './watch/watcher.ts'

export interface Sftp {
  /** Resolves when each folder is watched or known to be unavailable; what changed before is told afterwards. */
  start(): Promise<void>
  close(): Promise<void>
}

const MIN_CHUNK = 64 * 1024
const MAX_CHUNK = 16 * 1024 * 1024

/** Registers the handlers of a service whose folders are on an SFTP server. */
export function createSftp(plug: DriverPlug): Sftp {
  const options = readOptions(plug.options)
  const pace = new Pace(plug.options, plug)
  const refused = (error: unknown) => plug.logger.debug({ err: error }, 'The server allows no more channels')
  const connection = new Connection(options, { pace, refused })
  const folders = new Map([...plug.folders.values()].map((place) => [place.name, new Folder(place, plug)]))
  const limits = { fastest: options.pollFastest, slowest: options.pollSlowest }
  const watchers = [...folders.values()].map((folder) => new Watcher(plug, connection, folder, limits))
  const service: Service = { plug, options, connection, pace, folders }
  registerReading(service)
  registerWriting(service)
  registerChanging(service)
  let closing: Promise<void> | undefined
  const close = async () => {
    pace.close()
    await Promise.all(watchers.map((watcher) => watcher.close()))
    await connection.close()
  }
  const closeOnce = () => {
    closing ??= close()
    return closing
  }
  plug.handler('catchUp', async ({ signal }) => {
    await Promise.all(watchers.map((watcher) => watcher.catchUp(signal)))
  })
  plug.handler('close', closeOnce)
  return {
    async start() {
      await Promise.all(watchers.map((watcher) => watcher.start()))
    },
    close: closeOnce,
  }
}

interface Service {
  readonly plug: DriverPlug
  readonly options: SftpOptions
  readonly connection: Connection
  readonly pace: Pace
  readonly folders: ReadonlyMap<string, Folder>
}

function folderOf({ folders }: Service, name: string): Folder {
  const folder = folders.get(name)
  if (folder === undefined)
    throw new DriverError('UNKNOWN_FOLDER', `This service has no folder ${JSON.stringify(name)}`)
  return folder
}

/** Contents keep to the limit of their direction; a call of which pieces are answered goes on, however slow the connection is. */
function flow({ plug, pace }: Service, direction: 'up' | 'down', { signal }: HandlerContext): Flow {
  return { before: (bytes) => pace[direction](bytes, signal), after: () => plug.atWork(signal) }
}

function registerReading(service: Service): void {
  const { plug, connection } = service
  plug.handler('getFile', async (metadata, context) =>
    readFile(
      await connection.session(),
      folderOf(service, metadata.folder),
      metadata,
      0,
      metadata.size,
      context,
      flow(service, 'down', context),
    ),
  )
  plug.handler('getChunk', async (metadata, offset, size, context) => {
    const lanes = await connection.lanes()
    return lanes.run((session) =>
      readFile(
        session,
        folderOf(service, metadata.folder),
        metadata,
        offset,
        size,
        context,
        flow(service, 'down', context),
      ),
    )
  })
  plug.handler('setChunkSize', async (size) => Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, size)))
  plug.handler('normalizePath', async (_folder, path) => requirePath(path))
}

/** While a file is written, and after that, a listing that began before says nothing about it. */
async function writing(
  service: Service,
  { folder: name, path }: Metadata,
  work: (folder: Folder) => Promise<Stored>,
): Promise<Stored> {
  const folder = folderOf(service, name)
  folder.index.writing(path)
  try {
    const stored = await work(folder)
    folder.index.wrote(path, stored.token)
    return stored
  } catch (error) {
    folder.index.gaveUp(path)
    throw error
  }
}

function registerWriting(service: Service): void {
  const { plug, options, connection } = service
  const { logger } = plug
  const { fsync } = options
  const uploads = new Uploads(fsync, logger)
  plug.handler('uploadFile', async (metadata, content, context) => {
    const lanes = await connection.lanes()
    const file = { metadata, content, fsync, logger }
    return writing(service, metadata, (folder) =>
      lanes.run((session) => writeSmall(session, folder, file, context, flow(service, 'up', context))),
    )
  })
  plug.handler('startUpload', async (metadata, context) => {
    await uploads.start(await connection.lanes(), folderOf(service, metadata.folder), metadata, context)
    // The temporary name follows from file and version: there is nothing to remember.
    return null
  })
  plug.handler('restartUpload', async (metadata, offset) =>
    uploads.restart(await connection.lanes(), folderOf(service, metadata.folder), metadata, offset),
  )
  plug.handler('uploadChunk', async (metadata, offset, chunk, context) => {
    context.signal.throwIfAborted()
    const folder = folderOf(service, metadata.folder)
    await uploads.chunk(await connection.lanes(), folder, metadata, offset, chunk, flow(service, 'up', context))
  })
  plug.handler('endUpload', async (metadata, context) => {
    const lanes = await connection.lanes()
    return writing(service, metadata, (folder) =>
      uploads.end(lanes, folder, metadata, context, flow(service, 'down', context)),
    )
  })
  plug.handler('abortUpload', async (metadata) =>
    uploads.abort(await connection.lanes(), folderOf(service, metadata.folder), metadata),
  )
}

function registerChanging(service: Service): void {
  const { plug, connection } = service
  plug.handler('deleteFile', async (metadata, { token, signal }) => {
    signal.throwIfAborted()
    const session = await connection.session()
    await writing(service, metadata, async (folder) => {
      await deleteFile(session, folder, metadata, token)
      return { token }
    })
    folderOf(service, metadata.folder).index.wrote(metadata.path, undefined)
  })
  plug.handler('moveFile', async (from, to, context) => {
    const source = folderOf(service, from.folder)
    const session = await connection.session()
    source.index.writing(from.path)
    try {
      const stored = await writing(service, to, (target) => moveFile(session, source, target, from, to, context))
      source.index.wrote(from.path, undefined)
      return stored
    } catch (error) {
      source.index.gaveUp(from.path)
      throw error
    }
  })
  plug.handler('setAttributes', async (metadata, context) => {
    const session = await connection.session()
    return writing(service, metadata, (folder) => setAttributes(session, folder, metadata, context))
  })
  plug.handler('createDirectory', async (metadata, { signal }) => {
    signal.throwIfAborted()
    const session = await connection.session()
    return writing(service, metadata, (folder) => createDirectory(session, folder, metadata))
  })
}
