import { BlockHash } from '@onitu/protocol'
import type { DriverCalls } from '../call-driver.ts'
import type { Metadata } from '../contract.ts'
import { ChangedError } from '../errors.ts'
import { type ChunkRange, streamChunks } from '../transfer/chunk-stream.ts'

/** Reads a content through the driver to know its hash: a large one by several chunks at once. @throws ChangedError when it has another token meanwhile. */
export async function hashLarge(
  driver: DriverCalls,
  metadata: Metadata,
  token: string,
  chunkSize: number,
  signal: AbortSignal,
): Promise<string> {
  const range = { start: 0, end: metadata.size, chunkSize }
  const request = ({ offset, size }: ChunkRange, inner: AbortSignal) =>
    driver.readChunk(metadata, offset, size, token, inner)
  const hash = new BlockHash()
  for await (const { chunk } of streamChunks(range, request, signal)) {
    if (chunk.byteLength === 0) throw new ChangedError(`${metadata.path} became shorter while it was read`)
    await hash.update(chunk)
  }
  return hash.digest()
}
