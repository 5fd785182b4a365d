import type { Head } from '@onitu/protocol'
import { streamChunks } from './chunk-stream.ts'
import { type Fetcher, fetchChunk } from './fetch-content.ts'
import type { Source } from './source.ts'
import type { Upload } from './upload.ts'

/** Brings an upload from where it is to the end, from one source. A failure of the source keeps what was received. */
export async function receiveChunks(
  fetcher: Fetcher,
  head: Head,
  source: Source,
  upload: Upload,
  signal: AbortSignal,
  received: (bytes: number) => void,
): Promise<void> {
  const range = { start: upload.hash.size, end: head.size, chunkSize: fetcher.engine.chunkSize }
  const chunks = streamChunks(
    range,
    ({ offset, size }, inner) => fetchChunk(fetcher, head, source, offset, size, inner),
    signal,
  )
  try {
    for await (const { chunk } of chunks) {
      signal.throwIfAborted()
      await upload.write(chunk, signal)
      received(chunk.byteLength)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
