import { type Metadata, ServiceError } from '@onitu/plug'
import { BlockHash, contentHash, HASH_BLOCK_SIZE } from '@onitu/protocol'

type Content = Pick<Metadata, 'fid' | 'path' | 'version' | 'hash' | 'size'>

interface Arriving {
  readonly version: number
  hash: BlockHash
  /** Chunks are hashed in the order in which they came. */
  turn: Promise<void>
}

/**
 * The hashes of contents while they come in: what was sent is not yet what has arrived, so nothing gets its name before it is proven here, where it
 * is. Of an upload that an earlier connection began the beginning is not known: what a driver goes on with after a restart it verifies itself.
 */
export class ArrivingContents {
  readonly #files = new Map<string, Arriving>()

  /** An upload begins. */
  begin({ fid, version }: Content): void {
    this.#files.set(fid, { version, hash: new BlockHash(), turn: Promise.resolve() })
  }

  /** An upload goes on from there. */
  async goOn({ fid, version }: Content, offset: number): Promise<void> {
    const file = this.#files.get(fid)
    this.#files.delete(fid)
    if (file?.version !== version || offset > file.hash.size) return
    // What became of its chunks was told to whoever sent them.
    await Promise.allSettled([file.turn])
    await file.hash.digest()
    const blocks = Math.floor(offset / HASH_BLOCK_SIZE)
    this.#files.set(fid, {
      version,
      hash: new BlockHash(file.hash.blocks.subarray(0, blocks * 32)),
      turn: Promise.resolve(),
    })
  }

  /** @throws ServiceError `MISPLACED` */
  async add(content: Content, offset: number, chunk: Uint8Array): Promise<void> {
    const file = this.#files.get(content.fid)
    if (file?.version !== content.version) return
    file.turn = file.turn.then(() => {
      // Another source is tried, from the beginning.
      if (offset === 0) file.hash = new BlockHash()
      if (file.hash.size !== offset)
        throw new ServiceError(
          'MISPLACED',
          `Expected ${content.path} from ${file.hash.size} on, got it from ${offset} on`,
        )
      return file.hash.update(chunk)
    })
    await file.turn
  }

  /** All has come. @throws ServiceError `HASH_MISMATCH` */
  async prove(content: Content): Promise<void> {
    const file = this.#files.get(content.fid)
    this.#files.delete(content.fid)
    if (file?.version !== content.version) return
    await file.turn
    if ((await file.hash.digest()) !== content.hash) throw mismatch(content)
  }

  /** The same for a content that came as a whole. */
  proveWhole(content: Content, bytes: Uint8Array): void {
    if (contentHash(bytes) !== content.hash) throw mismatch(content)
  }

  forget({ fid }: Content): void {
    this.#files.delete(fid)
  }
}

function mismatch({ path }: Content): ServiceError {
  return new ServiceError('HASH_MISMATCH', `What has arrived as ${JSON.stringify(path)} is not its content`)
}
