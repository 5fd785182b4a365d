import { HASH_BLOCK_SIZE, type Head, isOnituError } from '@onitu/protocol'
import { BufferPool } from './buffer-pool.ts'
import { type ChunkRange, streamChunks } from './chunk-stream.ts'
import { type Fetcher, fetchChunk, findLocal, readLocal } from './fetch-content.ts'
import { LocalContent } from './local-content.ts'
import type { Source } from './source.ts'
import type { LocalFile } from './spool.ts'
import type { Upload } from './upload.ts'

/** Bytes that a driver copies in one call: whole blocks, and few enough that other work of the driver comes in between. */
const COPIED_AT_ONCE = 4 * HASH_BLOCK_SIZE

type Request = (chunk: ChunkRange, signal: AbortSignal) => Promise<Uint8Array>

/** Brings an upload from where it is to the end, from one source. A failure of the source keeps what was received. */
export async function receiveChunks(
  fetcher: Fetcher,
  head: Head,
  source: Source,
  upload: Upload,
  signal: AbortSignal,
  received: (bytes: number) => void,
): Promise<void> {
  const reception = { fetcher, head, source, upload, signal, received }
  try {
    const file = await findLocal(fetcher, head, source)
    if (file !== undefined && !(await adopt(reception, file))) await receiveLocal(reception, file.path)
    // Also after all else was read on this machine: the source gives the end only while the file is still in the state that is wanted.
    await pour(
      reception,
      head.size,
      ({ offset, size }, inner) => fetchChunk(fetcher, head, source, offset, size, inner),
      (chunk) => fetcher.peers.release?.(chunk),
    )
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

interface Reception {
  readonly fetcher: Fetcher
  readonly head: Head
  readonly source: Source
  readonly upload: Upload
  readonly signal: AbortSignal
  readonly received: (bytes: number) => void
}

async function pour(
  { fetcher, upload, signal, received }: Reception,
  end: number,
  request: Request,
  written?: (chunk: Uint8Array) => void,
): Promise<void> {
  const chunks = streamChunks({ start: upload.hash.size, end, chunkSize: fetcher.engine.chunkSize }, request, signal)
  for await (const { chunk } of chunks) {
    signal.throwIfAborted()
    await upload.write(chunk, signal, written)
    received(chunk.byteLength)
  }
}

/** False where the file is not given away, or cannot be taken. What a former try has written is not worth keeping then. */
async function adopt({ head, upload, signal, received }: Reception, { path, blocks }: LocalFile): Promise<boolean> {
  if (blocks === undefined || upload.adopt === undefined || upload.hash.size > 0) return false
  try {
    await upload.adopt(path, blocks, signal)
  } catch (error) {
    if (isOnituError(error) && error.code === 'CHANGED') return false
    throw error
  }
  received(head.size)
  return true
}

/** All but the last chunk: by the driver itself if it can, else read here. Some services take whole chunks only, the last one excepted. */
async function receiveLocal(reception: Reception, path: string): Promise<void> {
  const { fetcher, head, source, upload } = reception
  const { chunkSize } = fetcher.engine
  const end = head.size - (head.size % chunkSize || chunkSize)
  if (upload.copy !== undefined) return copy(reception, upload.copy, path, end)
  const local = await LocalContent.open(path, head.size)
  if (local === undefined) return
  const buffers = new BufferPool(chunkSize)
  const read: Request = ({ offset, size }) => readLocal(local, head, source, offset, buffers.take().subarray(0, size))
  try {
    await pour(reception, end, read, (chunk) => buffers.give(chunk))
  } finally {
    await local.close()
  }
}

/** What cannot be copied is asked for by chunks: whoever has it knows whether it has changed. */
async function copy(
  { upload, signal, received }: Reception,
  copyBlocks: NonNullable<Upload['copy']>,
  path: string,
  end: number,
): Promise<void> {
  try {
    while (end - upload.hash.size >= HASH_BLOCK_SIZE) {
      signal.throwIfAborted()
      const blocks = Math.floor((end - upload.hash.size) / HASH_BLOCK_SIZE)
      const size = Math.min(COPIED_AT_ONCE, blocks * HASH_BLOCK_SIZE)
      await copyBlocks(path, size, signal)
      received(size)
    }
  } catch (error) {
    if (!isOnituError(error) || error.code !== 'CHANGED') throw error
  }
}
