import { isOnituError, mimetypeOf, systemCode, UNREAD_HASH } from '@onitu/protocol'
import type { Metadata } from '../contract.ts'
import type { Engine } from '../engine.ts'
import { ChangedError } from '../errors.ts'
import type { Progress } from '../progress.ts'
import { BufferPool } from './buffer-pool.ts'
import { type ChunkRange, streamChunks } from './chunk-stream.ts'
import type { LocalContent } from './local-content.ts'
import type { Offer } from './messages.ts'
import type { Upload } from './upload.ts'

/** The version that an upload has before there is one; no head has it. */
export const EARLY_VERSION = 0
/** Bytes after which it is looked whether the file is still what it was. */
const LOOK_STEP = 64 * 1024 * 1024

/** The file has another content by now; or there is no room, which others need that still fit. */
const USELESS: ReadonlySet<string> = new Set(['CHANGED', 'ENOSPC', 'EDQUOT'])

/** All of a content that is uploaded, and what its hash is. */
export interface Finished {
  readonly hash: string
  readonly upload: Upload
}

/** `broken`: its journal says how far it got. `wrong`: nothing of it is of use. */
export type Outcome = Finished | 'broken' | 'wrong'

export interface UploadTools {
  readonly engine: Engine
  readonly progress: Progress
}

/** Uploads a file of this machine to its end. Never rejects. */
export async function uploadEarly(
  tools: UploadTools,
  content: LocalContent,
  upload: Upload,
  size: number,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    await pour(tools, content, upload, size, signal)
    const hash = await upload.hash.digest()
    // After the last byte was read: else this may be a mixture, which whoever offered the file would know as well.
    await content.requireUnchanged()
    return { hash, upload }
  } catch (error) {
    const isOurs = !isOnituError(error) && systemCode(error) === undefined
    if (isOurs) tools.engine.warn('A file that was offered could not be uploaded', error)
    return isOnituError(error) && USELESS.has(error.code) ? 'wrong' : 'broken'
  } finally {
    await content.close()
  }
}

/** What a driver is told of a file that nobody has decided on. */
export function metadataOfOffer(
  fid: string,
  { folder, path, size, mtime, mode }: Omit<Offer, 'from'>,
  extra?: unknown,
): Metadata {
  const described = { fid, folder, path, kind: 'file', size, mtime, mode, mimetype: mimetypeOf(path) } as const
  const early = { hash: UNREAD_HASH, version: EARLY_VERSION }
  return { ...described, ...early, ...(extra === undefined ? {} : { extra }) }
}

async function pour(
  { engine: { chunkSize }, progress }: UploadTools,
  content: LocalContent,
  upload: Upload,
  size: number,
  signal: AbortSignal,
): Promise<void> {
  const buffers = new BufferPool(chunkSize)
  const read = (range: ChunkRange) => content.read(range.offset, buffers.take().subarray(0, range.size))
  let looked = 0
  try {
    for await (const { offset, chunk } of streamChunks({ start: 0, end: size, chunkSize }, read, signal)) {
      signal.throwIfAborted()
      if (chunk.byteLength !== Math.min(chunkSize, size - offset)) throw new ChangedError('The file became shorter')
      if (offset - looked >= LOOK_STEP) {
        await content.requireUnchanged()
        looked = offset
      }
      await upload.write(chunk, signal, (written) => buffers.give(written))
      progress.count(0, chunk.byteLength)
    }
    signal.throwIfAborted()
    await upload.written()
  } finally {
    await upload.settled()
  }
}
