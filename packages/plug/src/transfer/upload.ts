import { BlockHash, HASH_BLOCK_SIZE, type Head, type Transfer } from '@onitu/protocol'
import type { KeptContent, Metadata, Stored, UploadState } from '../contract.ts'
import type { DriverCalls } from '../driver/driver-calls.ts'
import type { Engine } from '../engine.ts'
import type { Journals } from './journals.ts'

/** Where the chunks of a content go. `hash.size` is how far it is. */
export interface Upload {
  readonly hash: BlockHash
  /** Resolves when the next chunk may come. `chunk` is left alone until `written` is called, which may be never. */
  write(chunk: Uint8Array, signal: AbortSignal, written?: (chunk: Uint8Array) => void): Promise<void>
  /** Has the driver write the next bytes, so many blocks, from a file of this machine. Absent where it cannot. */
  readonly copy?: ((from: string, size: number, signal: AbortSignal) => Promise<void>) | undefined
  /** Has the driver take a file of this machine as the whole content, of which these are the digests. Absent where it cannot; before anything is written. */
  readonly adopt?: ((from: string, blocks: Uint8Array, signal: AbortSignal) => Promise<void>) | undefined
  /** The same upload for a head with this content, where it was begun for another, or for none. Whoever had it before is done with it. Absent where nothing is with the service yet. */
  forHead?(head: Head, metadata: Metadata): Promise<Upload>
  /** Resolves when all that was given is written; then the hash tells whether it is what was wanted. */
  written(): Promise<void>
  /** Resolves when the driver is at rest, whatever became of the last chunk. */
  settled(): Promise<void>
  /** Once the hash is proven. `token`: what may be replaced; `replaced`: what is known of its content. */
  end(token: string | null, replaced: KeptContent | undefined): Promise<Stored>
  abort(): Promise<void>
}

/** Bytes after which the journal is written again; for large files less often, so that all of it stays linear. */
const JOURNAL_STEP = 16 * 1024 * 1024
const JOURNAL_SHARE = 32

/** What an upload has to know of the head that it is for. */
type Uploaded = Pick<Head, 'fid' | 'path' | 'size' | 'hash'> & Pick<Transfer, 'early'>

interface UploadOptions {
  readonly engine: Engine
  readonly driver: DriverCalls
  readonly journals: Journals
  readonly head: Uploaded
  readonly metadata: Metadata
}

/** Goes on where the journal says, or begins anew. `resumed`: the offset that it goes on from. */
export async function openUpload(
  options: UploadOptions,
  token: string | null,
  journal: Transfer | undefined,
): Promise<{ upload: Upload; resumed: number | undefined }> {
  if (!options.driver.uploads.canWriteByChunks) return { upload: memoryUpload(options), resumed: undefined }
  if (journal !== undefined) {
    const resumed = await resume(options, journal)
    if (resumed !== undefined) return { upload: resumed, resumed: resumed.hash.size }
  }
  const state = await options.driver.uploads.start(options.metadata, token)
  const upload = new DriverUpload(options, state, new BlockHash())
  await upload.begin()
  return { upload, resumed: undefined }
}

async function resume(options: UploadOptions, journal: Transfer): Promise<DriverUpload | undefined> {
  const { driver, engine, metadata, journals, head } = options
  const usable = driver.uploads.canResume && journal.blocks.byteLength * HASH_BLOCK_SIZE === journal.offset * 32
  try {
    if (usable) {
      const offset = await driver.uploads.restart(metadata, journal.offset, journal.state)
      const blocks = Math.floor(offset / HASH_BLOCK_SIZE)
      return new DriverUpload(options, journal.state, new BlockHash(journal.blocks.subarray(0, blocks * 32)))
    }
  } catch (error) {
    engine.warn(`The transfer of ${JSON.stringify(head.path)} begins anew, it cannot be resumed`, error)
  }
  await driver.uploads.abort(metadata, journal.state)
  await journals.remove(head.fid)
  return undefined
}

class DriverUpload implements Upload {
  readonly hash: BlockHash
  readonly copy?: Upload['copy']
  readonly adopt?: Upload['adopt']
  readonly #options: UploadOptions
  readonly #state: UploadState
  /** What the driver is writing. None of them ever rejects, so that nobody has to be there to hear it. */
  readonly #writing = new Set<Promise<boolean>>()
  /** Offsets of the chunks that are not known to be written: what is before all of them is. */
  readonly #unwritten = new Set<number>()
  #failure: { readonly error: unknown } | undefined
  #journaled: number

  constructor(options: UploadOptions, state: UploadState, hash: BlockHash) {
    this.#options = options
    this.#state = state
    this.hash = hash
    this.#journaled = hash.size
    if (options.driver.uploads.canCopy) this.copy = (from, size, signal) => this.#copy(from, size, signal)
    if (options.driver.uploads.canAdopt) this.adopt = (from, blocks, signal) => this.#adopt(from, blocks, signal)
  }

  /** Before the first byte is written, so that nothing is left behind that nobody knows of. */
  async begin(): Promise<void> {
    await this.#writeJournal()
  }

  async write(chunk: Uint8Array, signal: AbortSignal, written?: (chunk: Uint8Array) => void): Promise<void> {
    const { driver } = this.#options
    while (this.#writing.size >= driver.uploads.parallelChunks) await Promise.race(this.#writing)
    this.#throwIfFailed()
    // The driver writes chunks while the next are on their way and this one is hashed.
    const writing = this.#start(chunk, this.hash.size, signal)
    await this.hash.update(chunk)
    if (written !== undefined) void writing.then((isWritten) => isWritten && written(chunk))
    await this.#journalSometimes()
  }

  async #copy(from: string, size: number, signal: AbortSignal): Promise<void> {
    const { driver, metadata } = this.#options
    this.hash.append(await driver.uploads.copyChunk(metadata, this.hash.size, size, this.#state, from, signal))
    await this.#journalSometimes()
  }

  /** Not journaled: after a crash the content is fetched again. */
  async #adopt(from: string, blocks: Uint8Array, signal: AbortSignal): Promise<void> {
    const { driver, metadata, head } = this.#options
    await driver.uploads.adopt(metadata, this.#state, from, signal)
    this.hash.append(blocks, head.size)
  }

  async forHead(head: Head, metadata: Metadata): Promise<Upload> {
    await this.written()
    const upload = new DriverUpload({ ...this.#options, head, metadata }, this.#state, this.hash)
    await upload.begin()
    return upload
  }

  async written(): Promise<void> {
    await this.settled()
    this.#throwIfFailed()
  }

  async settled(): Promise<void> {
    await Promise.all(this.#writing)
  }

  end(token: string | null, replaced: KeptContent | undefined): Promise<Stored> {
    const { driver, metadata } = this.#options
    return driver.uploads.end(metadata, token, this.#state, replaced)
  }

  async abort(): Promise<void> {
    const { driver, metadata, journals, head } = this.#options
    await this.settled()
    await driver.uploads.abort(metadata, this.#state)
    await journals.remove(head.fid)
  }

  /** All up to here is verified and written. */
  get #safe(): number {
    return Math.min(this.hash.verified, ...this.#unwritten)
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #start(chunk: Uint8Array, offset: number, signal: AbortSignal): Promise<boolean> {
    this.#unwritten.add(offset)
    const writing: Promise<boolean> = this.#write(chunk, offset, signal).finally(() => this.#writing.delete(writing))
    this.#writing.add(writing)
    return writing
  }

  /** False when it failed: the driver may still be at work on the chunk. */
  async #write(chunk: Uint8Array, offset: number, signal: AbortSignal): Promise<boolean> {
    const { driver, metadata } = this.#options
    try {
      await driver.uploads.writeChunk(metadata, offset, chunk, this.#state, signal)
      this.#unwritten.delete(offset)
      return true
    } catch (error) {
      this.#failure ??= { error }
      return false
    }
  }

  async #journalSometimes(): Promise<void> {
    const step = Math.max(JOURNAL_STEP, this.hash.size / JOURNAL_SHARE)
    if (this.#options.driver.uploads.canResume && this.#safe - this.#journaled >= step) await this.#writeJournal()
  }

  async #writeJournal(): Promise<void> {
    const { journals, metadata, head } = this.#options
    const safe = this.#safe
    await journals.write({ ...head, version: metadata.version }, this.#state, this.hash, safe)
    this.#journaled = safe
  }
}

/** For a driver that takes only whole contents. */
function memoryUpload({ driver, metadata }: UploadOptions): Upload {
  const hash = new BlockHash()
  const chunks: Uint8Array[] = []
  return {
    hash,
    write(chunk) {
      chunks.push(chunk)
      return hash.update(chunk)
    },
    written: async () => undefined,
    settled: async () => undefined,
    end: (token, replaced) => driver.uploads.writeWhole(metadata, Buffer.concat(chunks), token, replaced),
    async abort() {
      chunks.length = 0
    },
  }
}
