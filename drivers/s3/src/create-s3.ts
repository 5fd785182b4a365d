import { DriverError, type DriverPlug, HASH_BLOCK_SIZE, type Metadata, type ServiceFolder } from '@onitu/plug'
import { Pace } from '@onitu/plug/kit'
import { S3Client } from './client/s3-client.ts'
import { Conditions, requireToken } from './conditions.ts'
import { Folder } from './folder.ts'
import { guarded } from './guarded.ts'
import { bucketProblem } from './options/bucket-problem.ts'
import { readOptions, type S3Options } from './options/read-options.ts'
import { putWhole } from './put-whole.ts'
import { readObject } from './reading.ts'
import { LEAST_PART, Uploads } from './uploads.ts'
import { Watcher } from './watcher.ts'

export interface S3 {
  /** Resolves when each folder is watched or known to be unavailable; what changed before is told afterwards. */
  start(): Promise<void>
  close(): Promise<void>
}

const MAX_PART = 64 * 1024 * 1024

/** Registers the handlers of a service whose folders are in buckets. @throws DriverError when the options cannot be used */
export function createS3(plug: DriverPlug): S3 {
  const options = readOptions(plug.options)
  const pace = new Pace(plug.options, plug)
  const client = new S3Client(options, { pace, atWork: (signal) => plug.atWork(signal) })
  const conditions = new Conditions()
  const places = [...plug.folders.values()]
  const folders = new Map(places.map((place) => [place.name, new Folder(place, plug, client, conditions)]))
  for (const place of places) requireBucket(place, folders.get(place.name)?.bucket.name ?? '', options)
  const limits = { fastest: options.pollFastest, slowest: options.pollSlowest }
  const watchers = [...folders.values()].map((folder) => new Watcher(plug, folder, limits))
  const folderOf = ({ folder: name }: Pick<Metadata, 'folder'>): Folder => {
    const folder = folders.get(name)
    if (folder === undefined)
      throw new DriverError('UNKNOWN_FOLDER', `This service has no folder ${JSON.stringify(name)}`)
    return folder
  }
  registerReading(plug, folderOf)
  registerWriting(plug, folderOf, conditions, options.storageClass)
  let closing: Promise<void> | undefined
  const close = async () => {
    pace.close()
    await Promise.all(watchers.map((watcher) => watcher.close()))
    client.close()
  }
  const closeOnce = () => {
    closing ??= close()
    return closing
  }
  plug.handler('catchUp', async () => {
    await Promise.all(watchers.map((watcher) => watcher.catchUp()))
  })
  plug.handler('close', closeOnce)
  return {
    async start() {
      await Promise.all(watchers.map((watcher) => watcher.start()))
    },
    close: closeOnce,
  }
}

/** Trying again would not help, so the folder is not just unavailable. @throws DriverError */
function requireBucket({ name, path }: ServiceFolder, bucket: string, options: S3Options): void {
  const problem = bucketProblem(bucket, options)
  if (problem === undefined) return
  throw new DriverError(
    'BAD_OPTION',
    `The path of the folder ${name} ${problem}: expected BUCKET or BUCKET/PREFIX, got ${JSON.stringify(path)}`,
  )
}

type FolderOf = (metadata: Pick<Metadata, 'folder'>) => Folder

function registerReading(plug: DriverPlug, folderOf: FolderOf): void {
  plug.handler('getFile', async (metadata, context) =>
    readObject(folderOf(metadata), metadata.path, 0, metadata.size, context),
  )
  plug.handler('getChunk', async (metadata, offset, size, context) =>
    readObject(folderOf(metadata), metadata.path, offset, size, context),
  )
  plug.handler('normalizePath', async (folder, path) => {
    folderOf({ folder }).key(path)
    return path
  })
}

function registerWriting(plug: DriverPlug, folderOf: FolderOf, conditions: Conditions, storageClass: string): void {
  const headers = (metadata: Metadata) => headersOf(metadata, storageClass)
  let partSize = LEAST_PART
  const uploads = new Uploads(conditions, headers, () => partSize)

  // A part is a chunk, and a resumed upload goes on between blocks of the hash.
  plug.handler('setChunkSize', async (size) => {
    const wanted = Math.min(MAX_PART, Math.max(LEAST_PART, size))
    partSize = Math.ceil(wanted / HASH_BLOCK_SIZE) * HASH_BLOCK_SIZE
    return partSize
  })
  plug.handler('uploadFile', async (metadata, content, context) => {
    const folder = folderOf(metadata)
    return folder.writing(metadata.path, () =>
      guarded(`Writing "${metadata.path}"`, () =>
        putWhole(folder, metadata, content, context, { conditions, headers }),
      ),
    )
  })
  plug.handler('startUpload', async (metadata, context) => uploads.start(folderOf(metadata), metadata, context))
  plug.handler('restartUpload', async (metadata, offset, { state }) =>
    uploads.restart(folderOf(metadata), metadata, offset, state),
  )
  plug.handler('uploadChunk', async (metadata, offset, chunk, { state, signal }) =>
    uploads.chunk(folderOf(metadata), metadata, offset, chunk, state, signal),
  )
  plug.handler('endUpload', async (metadata, { state, ...context }) => {
    const folder = folderOf(metadata)
    return folder.writing(metadata.path, () => uploads.end(folder, metadata, state, context))
  })
  plug.handler('abortUpload', async (metadata, { state }) => uploads.abort(folderOf(metadata), metadata, state))
  plug.handler('deleteFile', async (metadata, { token, signal }) => {
    const folder = folderOf(metadata)
    await folder.writing(metadata.path, () => deleteObject(folder, metadata.path, token, signal))
  })
}

function deleteObject(folder: Folder, path: string, token: string, signal: AbortSignal): Promise<undefined> {
  return guarded(`Deleting "${path}"`, async () => {
    signal.throwIfAborted()
    const { bucket, unsettled } = folder
    const key = folder.key(path)
    const found = await bucket.head(key, signal)
    if (found === undefined) {
      await folder.requireMarker()
      if (!unsettled.mayBeDeleted(path)) return undefined
    } else requireToken(path, found, token)
    await unsettled.deleting(path, () => bucket.delete(key, signal))
    return undefined
  })
}

/** The time as rclone writes and reads it: in seconds. S3 has no place of its own for it. */
function headersOf({ mtime, mimetype }: Metadata, storageClass: string): Record<string, string> {
  return {
    'content-type': mimetype === '' ? 'application/octet-stream' : mimetype,
    ...(mtime === null ? {} : { 'x-amz-meta-mtime': (mtime / 1000).toFixed(6) }),
    ...(storageClass === '' ? {} : { 'x-amz-storage-class': storageClass }),
  }
}
