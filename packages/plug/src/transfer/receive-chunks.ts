import type { Head } from '@onitu/protocol'
import { BufferPool } from './buffer-pool.ts'
import { type ChunkRange, streamChunks } from './chunk-stream.ts'
import { type Fetcher, fetchChunk, openLocal, readLocal } from './fetch-content.ts'
import type { Source } from './source.ts'
import type { Upload } from './upload.ts'

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
  const { chunkSize } = fetcher.engine
  const pour = async (end: number, request: Request, written?: (chunk: Uint8Array) => void) => {
    const chunks = streamChunks({ start: upload.hash.size, end, chunkSize }, request, signal)
    for await (const { chunk } of chunks) {
      signal.throwIfAborted()
      await upload.write(chunk, signal, written)
      received(chunk.byteLength)
    }
  }
  try {
    const local = await openLocal(fetcher, head, source)
    if (local !== undefined) {
      const buffers = new BufferPool(chunkSize)
      const read: Request = ({ offset, size }) =>
        readLocal(local, head, source, offset, buffers.take().subarray(0, size))
      try {
        await pour(head.size - chunkSize, read, (chunk) => buffers.give(chunk))
      } finally {
        await local.close()
      }
    }
    // Also after all else was read on this machine: the source gives the end only while the file is still in the state that is wanted.
    await pour(head.size, ({ offset, size }, inner) => fetchChunk(fetcher, head, source, offset, size, inner))
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
