import { BlockHash, fileId, mimetypeOf, OnituError } from '@onitu/protocol'
import type { Metadata, Stored } from '../contract.ts'
import { ServiceError } from '../errors.ts'
import { keptContent } from '../metadata.ts'
import type { ReceiveTools } from '../orders/receive-file.ts'
import type { Restore, RestoreSource } from '../transfer/messages.ts'
import { readSettled, type SettledFile, untilSettled } from './settled-file.ts'

export type RestoreTools = Pick<
  ReceiveTools,
  'engine' | 'driver' | 'locks' | 'journals' | 'early' | 'local' | 'peers' | 'report'
>

/**
 * Puts a former content back at a path of this service, as a user would: what is there is replaced (and kept in the
 * history), and the Referee hears of it as of any change. Resolves when that is durable.
 * @throws OnituError `NOT_WRITABLE`, `UNAVAILABLE`, `BUSY`, `IN_THE_WAY`, what the sources or the driver threw
 */
export async function restoreFile(tools: RestoreTools, restore: Restore, signal: AbortSignal): Promise<void> {
  const { engine, driver } = tools
  requireWritable(tools, restore)
  const fid = fileId(restore.folder, restore.path)
  const settled = await untilSettled(engine, fid, restore.path, signal)
  requireNoDirectory(settled, restore.path)
  const metadata = metadataOf(fid, restore, settled)
  await driver.checkName(metadata)
  const finish = await fromAnySource(tools, restore, (source) =>
    write(tools, metadata, settled, source, restore, signal),
  )
  const stored = await tools.locks.hold([fid], async () => {
    const now = await readSettled(engine, fid)
    const unchanged =
      now !== undefined && now.token === settled.token && now.record?.version === settled.record?.version
    return unchanged ? finish.end() : finish.giveUp()
  })
  // Not under the lock: the report waits for it. Should the process end before, the driver finds the change by itself.
  await tools.report([
    {
      type: 'updated',
      folder: restore.folder,
      path: restore.path,
      size: restore.size,
      hash: restore.hash,
      mtime: stored.mtime === undefined ? restore.mtime : stored.mtime,
      mode: stored.mode === undefined ? restore.mode : stored.mode,
      token: stored.token,
      ...(stored.extra === undefined ? {} : { extra: stored.extra }),
    },
  ])
}

/** A content that is proven and written aside, or at hand. */
interface Written {
  /** Gives it its name. */
  end(): Promise<Stored>
  giveUp(): Promise<never>
}

function requireWritable({ engine }: RestoreTools, { folder }: Restore): void {
  const mode = engine.folders.get(folder)?.mode
  if (mode !== 'rw')
    throw new OnituError('NOT_WRITABLE', `${engine.service} may not read and write folder ${JSON.stringify(folder)}`)
  if (!engine.isAvailable(folder))
    throw new OnituError('UNAVAILABLE', `${folder} of ${engine.service} cannot be reached`, { retryable: true })
}

function requireNoDirectory({ record, token }: SettledFile, path: string): void {
  if (token !== null && record?.kind === 'directory')
    throw new OnituError('IN_THE_WAY', `"${path}" is a directory now; move it away first`)
}

function metadataOf(fid: string, restore: Restore, { record }: SettledFile): Metadata {
  const { folder, path, size, hash, mtime, mode, version } = restore
  const extra = record?.extra
  const described = {
    fid,
    folder,
    path,
    kind: 'file',
    size,
    mtime,
    mode,
    hash,
    mimetype: mimetypeOf(path),
    version,
  } as const
  return extra === undefined ? described : { ...described, extra }
}

async function fromAnySource<T>(
  { engine }: RestoreTools,
  { sources, path }: Restore,
  attempt: (source: RestoreSource) => Promise<T>,
): Promise<T> {
  let last: unknown
  for (const source of sources) {
    try {
      return await attempt(source)
    } catch (error) {
      engine.warn(`The content of ${JSON.stringify(path)} could not be restored from ${source.service}`, error)
      last = error
    }
  }
  throw last ?? new ServiceError('NO_SOURCE', `No service was named that has the content of "${path}"`)
}

/** Small contents are held in memory until they have their name, others are written aside. */
async function write(
  tools: RestoreTools,
  metadata: Metadata,
  settled: SettledFile,
  source: RestoreSource,
  restore: Restore,
  signal: AbortSignal,
): Promise<Written> {
  const { engine, driver } = tools
  const { token } = settled
  const replaced = keptContent(settled.record, token)
  if (restore.size <= engine.chunkSize || !driver.uploads.canWriteByChunks) {
    const chunks: Uint8Array[] = []
    await receive(tools, restore, source, signal, async (chunk) => void chunks.push(chunk))
    const content = Buffer.concat(chunks)
    return {
      end: () => driver.uploads.writeWhole(metadata, content, token, replaced),
      giveUp: () => givenUp(metadata.path),
    }
  }
  const aside = await writeAside(tools, metadata, token)
  try {
    await receive(tools, restore, source, signal, (chunk, offset) =>
      driver.uploads.writeChunk(metadata, offset, chunk, aside.state),
    )
  } catch (error) {
    await aside.remove()
    throw error
  }
  return {
    end: async () => {
      try {
        return await driver.uploads.end(metadata, token, aside.state, replaced)
      } finally {
        await aside.remove()
      }
    },
    giveUp: async () => {
      await aside.remove()
      return givenUp(metadata.path)
    },
  }
}

/** With a journal, so that the next process finds and removes what is left of it when this one is killed. */
async function writeAside({ driver, journals, early }: RestoreTools, metadata: Metadata, token: string | null) {
  await early.giveUp(metadata.fid)
  const state = await driver.uploads.start(metadata, token)
  await journals.write(metadata, state, new BlockHash(), 0)
  return {
    state,
    /** Also after the end of the upload, when there is nothing but the journal. */
    async remove() {
      await driver.uploads.abort(metadata, state)
      await journals.remove(metadata.fid)
    },
  }
}

async function givenUp(path: string): Promise<never> {
  throw new OnituError('BUSY', `"${path}" was changed while its content was restored; nothing was done, try again`, {
    retryable: true,
  })
}

/** All chunks of a content in order, proven by its hash. */
async function receive(
  tools: RestoreTools,
  { folder, hash, size, path }: Restore,
  { service, fid, history }: RestoreSource,
  signal: AbortSignal,
  take: (chunk: Uint8Array, offset: number) => Promise<void>,
): Promise<void> {
  const { engine, local, peers } = tools
  const wanted = { fid, hash, ...(history ? { history: folder } : {}) }
  const proof = new BlockHash()
  while (proof.size < size) {
    signal.throwIfAborted()
    const offset = proof.size
    const length = Math.min(engine.chunkSize, size - offset)
    const chunk = await (service === engine.service
      ? local.chunk(wanted, offset, length)
      : peers.chunk(service, wanted, offset, length, signal))
    if (chunk.byteLength !== length)
      throw new ServiceError('PROTOCOL', `${service} gave ${chunk.byteLength} bytes of "${path}", expected ${length}`)
    await take(chunk, offset)
    await proof.update(chunk)
  }
  if ((await proof.digest()) !== hash)
    throw new ServiceError('HASH_MISMATCH', `What ${service} has kept of "${path}" is not the content that it was`)
}
