import { BlockHash, contentHash } from '@onitu/protocol'
import type { DriverCalls } from '../call-driver.ts'
import type { Metadata } from '../contract.ts'
import { ChangedError } from '../errors.ts'

/** Reads a content through the driver to know its hash. @throws ChangedError when it has another token meanwhile. */
export async function hashContent(
  driver: DriverCalls,
  metadata: Metadata,
  token: string,
  chunkSize: number,
  signal: AbortSignal,
): Promise<string> {
  if (metadata.size <= chunkSize) return contentHash(await driver.readWhole(metadata, token, signal))
  const hash = new BlockHash()
  while (hash.size < metadata.size) {
    const chunk = await driver.readChunk(metadata, hash.size, chunkSize, token, signal)
    if (chunk.byteLength === 0) throw new ChangedError(`${metadata.path} became shorter while it was read`)
    await hash.update(chunk)
  }
  return hash.digest()
}
