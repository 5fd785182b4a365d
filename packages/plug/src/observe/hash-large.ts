import { BlockHash } from '@onitu/protocol'
import type { Metadata } from '../contract.ts'
import type { DriverCalls } from '../driver/driver-calls.ts'
import type { Engine } from '../engine.ts'
import { ChangedError } from '../errors.ts'
import { BufferPool } from '../transfer/buffer-pool.ts'
import { type ChunkRange, streamChunks } from '../transfer/chunk-stream.ts'
import type { FindStaging } from '../transfer/staging.ts'
import { SpoolWriter } from './spool-writer.ts'

export interface HashOptions extends Pick<Engine, 'chunkSize' | 'signal' | 'spool'> {
  /** Absent where it is not read for others. */
  readonly staging?: FindStaging
}

/**
 * Reads a content through the driver to know its hash: a large one by several chunks at once. What was read is put into the spool, if there is one
 * and it has room. @throws ChangedError when it has another token meanwhile.
 */
export async function hashLarge(
  driver: DriverCalls,
  metadata: Metadata,
  token: string,
  { chunkSize, signal, spool, staging }: HashOptions,
): Promise<string> {
  const range = { start: 0, end: metadata.size, chunkSize }
  const buffers = new BufferPool(chunkSize)
  // A failure leaves buffers with the driver, which may go on writing into them: they are this call's alone.
  const request = async ({ offset, size }: ChunkRange, inner: AbortSignal) => {
    const buffer = buffers.take()
    const chunk = await driver.reads.readChunk(metadata, offset, size, token, inner, buffer.subarray(0, size))
    if (chunk.buffer !== buffer.buffer) buffers.give(buffer)
    return chunk
  }
  const hash = new BlockHash()
  const writer = new SpoolWriter(await spool?.begin(metadata.size, await staging?.(metadata.folder)))
  try {
    for await (const { offset, chunk } of streamChunks(range, request, signal)) {
      if (chunk.byteLength === 0) throw new ChangedError(`${metadata.path} became shorter while it was read`)
      const written = writer.write(chunk, offset)
      await hash.update(chunk)
      void written.then(() => buffers.give(chunk))
      await writer.room()
    }
    const digest = await hash.digest()
    await writer.keep(digest, hash.blocks)
    return digest
  } catch (error) {
    await writer.discard()
    throw error
  }
}
