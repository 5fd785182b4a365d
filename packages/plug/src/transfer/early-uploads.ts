import { fileId, type Head, isOnituError, keys, mimetypeOf, OnituError, systemCode, UNREAD_HASH } from '@onitu/protocol'
import type { Metadata } from '../contract.ts'
import type { DriverCalls } from '../driver/driver-calls.ts'
import type { Engine } from '../engine.ts'
import { ChangedError } from '../errors.ts'
import type { FileLocks } from '../file-locks.ts'
import { readRecords } from '../observe/outbox.ts'
import type { Progress } from '../progress.ts'
import { BufferPool } from './buffer-pool.ts'
import { type ChunkRange, streamChunks } from './chunk-stream.ts'
import type { Journals } from './journals.ts'
import { LocalContent } from './local-content.ts'
import type { Offer } from './messages.ts'
import { unlessAborted } from './unless-aborted.ts'
import { openUpload, type Upload } from './upload.ts'

export interface EarlyTools {
  readonly engine: Engine
  readonly driver: DriverCalls
  readonly locks: FileLocks
  readonly journals: Journals
  readonly progress: Progress
}

/** The version that an upload has before there is one; no head has it. */
export const EARLY_VERSION = 0
/** ms that a whole content waits for its order. */
const AGE = 30_000
/** Bytes after which it is looked whether the file is still what it was. */
const LOOK_STEP = 64 * 1024 * 1024

interface Finished {
  readonly hash: string
  readonly upload: Upload
}

interface Entry {
  readonly offer: Offer
  readonly controller: AbortController
  /** Never rejects; undefined when nothing came of it, and nothing is left of it either. */
  readonly outcome: Promise<Finished | undefined>
  dropped?: Promise<void>
  /** Ends the waiting for an order. */
  forget?: () => void
}

interface Current {
  readonly fid: string
  readonly begun: Promise<Entry | undefined>
  readonly done: Promise<Finished | undefined>
}

/**
 * Large contents that are uploaded, aside, before it is decided that they are to be there: while another service would still read them to know their
 * hash. Of use where an order for the very content comes a moment later; nothing has its name before that, and what no order comes for is removed.
 */
export class EarlyUploads {
  readonly #tools: EarlyTools
  readonly #entries = new Map<string, Entry>()
  /** One at a time: others go the ordinary way meanwhile. From the moment that an offer is looked at. */
  #current: Current | undefined
  #closed = false

  constructor(tools: EarlyTools) {
    this.#tools = tools
  }

  /**
   * Uploads a file of this machine. Gives the hash of what was uploaded; undefined where it was not. `signal`: of whoever waits for that; the upload goes on
   * without them.
   */
  async take(offer: Offer, signal: AbortSignal): Promise<string | undefined> {
    if (this.#closed || this.#current !== undefined || !this.#isWelcome(offer)) return undefined
    const fid = fileId(offer.folder, offer.path)
    const begun = this.#tools.locks.hold([fid], () => this.#begin(fid, offer))
    const done = this.#outcomeOf(begun).finally(() => {
      this.#current = undefined
    })
    this.#current = { fid, begun, done }
    return (await unlessAborted(done, signal))?.hash
  }

  /** Whether anything of a file is, or may be, uploaded without an order. */
  has(fid: string): boolean {
    return this.#current?.fid === fid || this.#entries.has(fid)
  }

  /** For an order that is about to upload a content: the upload, all of it, if it was that. Anything else that was uploaded of the file is given up. Not to be called by one who has locked the file. */
  async claim(head: Head, metadata: Metadata, signal: AbortSignal): Promise<Upload | undefined> {
    const { fid } = head
    await this.#isBegun(fid)
    const entry = this.#entries.get(fid)
    if (entry === undefined) return undefined
    const finished = isOffered(entry.offer, head) ? await unlessAborted(entry.outcome, signal) : undefined
    if (finished?.hash !== head.hash || entry.dropped !== undefined) {
      await this.drop(fid)
      return undefined
    }
    entry.forget?.()
    this.#entries.delete(fid)
    return finished.upload.forHead(head, { ...metadata, version: EARLY_VERSION })
  }

  /** For one who is about to upload something else there. Not to be called by one who has locked the file. */
  async giveUp(fid: string): Promise<void> {
    await this.#isBegun(fid)
    await this.drop(fid)
  }

  /** What was uploaded of a file is removed. */
  async drop(fid: string): Promise<void> {
    const entry = this.#entries.get(fid)
    if (entry === undefined) return
    entry.forget?.()
    entry.dropped ??= this.#abort(entry).finally(() => this.#remove(fid, entry))
    await entry.dropped
  }

  /** What is being uploaded is left as it is, to be removed by the next process. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#current !== undefined) await Promise.allSettled([this.#current.begun])
    const entries = [...this.#entries.values()]
    for (const { controller, forget } of entries) {
      forget?.()
      controller.abort(new OnituError('CLOSED', 'The service is closing'))
    }
    await Promise.all([this.#current?.done, ...entries.flatMap(({ outcome, dropped }) => [outcome, dropped])])
  }

  async #isBegun(fid: string): Promise<void> {
    if (this.#current?.fid === fid) await Promise.allSettled([this.#current.begun])
  }

  async #outcomeOf(begun: Promise<Entry | undefined>): Promise<Finished | undefined> {
    try {
      return await (await begun)?.outcome
    } catch (error) {
      // It is told of in the ordinary way, and what is wrong here shows when there is an order.
      if (isOnituError(error)) return undefined
      throw error
    }
  }

  #isWelcome({ folder }: Offer): boolean {
    const { engine, driver } = this.#tools
    const mode = engine.folders.get(folder)?.mode
    if (mode !== 'rw' && mode !== 'w') return false
    return engine.isAvailable(folder) && engine.isUndecided?.(folder) !== true && driver.uploads.canBeginEarly
  }

  /** The file is locked: no order for it is carried out, and none has been given. */
  async #begin(fid: string, offer: Offer): Promise<Entry | undefined> {
    const { engine, driver, journals } = this.#tools
    if (this.#closed || this.#entries.has(fid) || journals.get(fid) !== undefined) return undefined
    const [order, records] = await Promise.all([
      engine.db.get(keys.order(engine.service, fid), { default: undefined }),
      readRecords(engine, [fid]),
    ])
    const record = records.get(fid)
    const token = record?.token ?? null
    // What is as long is perhaps the same content, with another time.
    const isKnown = token !== null && (record?.kind === 'directory' || record?.size === offer.size)
    if (order !== undefined || isKnown || (record !== undefined && record.reported !== 0)) return undefined
    if (record?.writing !== undefined) return undefined
    const metadata = metadataOf(fid, offer, record?.extra)
    await driver.checkName(metadata)
    const content = await LocalContent.open(offer.from, offer.size)
    if (content === undefined) return undefined
    try {
      const { upload } = await openUpload({ ...this.#tools, head: metadata, metadata }, token, undefined)
      const controller = new AbortController()
      const signal = AbortSignal.any([controller.signal, engine.signal])
      const entry: Entry = { offer, controller, outcome: this.#upload(fid, content, upload, offer.size, signal) }
      this.#entries.set(fid, entry)
      void entry.outcome.then((finished) => this.#uploaded(fid, entry, finished))
      return entry
    } catch (error) {
      await content.close()
      throw error
    }
  }

  async #upload(
    fid: string,
    content: LocalContent,
    upload: Upload,
    size: number,
    signal: AbortSignal,
  ): Promise<Finished | undefined> {
    try {
      await this.#pour(content, upload, size, signal)
      const hash = await upload.hash.digest()
      // After the last byte was read: else this may be a mixture, which whoever offered the file would know as well.
      await content.requireUnchanged()
      return { hash, upload }
    } catch (error) {
      if (!isOnituError(error) && systemCode(error) === undefined)
        this.#tools.engine.warn('A file that was offered could not be uploaded', error)
      await this.#removeUpload(fid, upload)
      return undefined
    } finally {
      await content.close()
    }
  }

  async #pour(content: LocalContent, upload: Upload, size: number, signal: AbortSignal): Promise<void> {
    const { engine, progress } = this.#tools
    const { chunkSize } = engine
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

  #uploaded(fid: string, entry: Entry, finished: Finished | undefined): void {
    if (finished === undefined) {
      this.#remove(fid, entry)
      return
    }
    if (this.#entries.get(fid) !== entry || this.#closed) return
    entry.forget = this.#tools.engine.clock.after(AGE, () => {
      this.drop(fid).catch((error: unknown) => this.#tools.engine.warn('What was uploaded could not be removed', error))
    })
  }

  async #abort({ controller, outcome, offer }: Entry): Promise<void> {
    controller.abort(new OnituError('SUPERSEDED', 'Something else is to be done with the file'))
    const finished = await outcome
    if (finished !== undefined) await this.#removeUpload(fileId(offer.folder, offer.path), finished.upload)
  }

  /** Its journal stays where it cannot be removed: the next order for the file, or the next process, does it. */
  async #removeUpload(fid: string, upload: Upload): Promise<void> {
    // Closing: the journal tells the next process.
    if (this.#closed) return
    try {
      await upload.abort()
    } catch (error) {
      if (!isOnituError(error)) throw error
      this.#tools.engine.warn(`What was uploaded of ${fid} before there was an order cannot be removed yet`, error)
    }
  }

  #remove(fid: string, entry: Entry): void {
    if (this.#entries.get(fid) === entry) this.#entries.delete(fid)
  }
}

function isOffered(offer: Offer, { size, mtime, mode }: Head): boolean {
  return offer.size === size && offer.mtime === mtime && offer.mode === mode
}

function metadataOf(fid: string, { folder, path, size, mtime, mode }: Offer, extra: unknown): Metadata {
  const described = { fid, folder, path, kind: 'file', size, mtime, mode, mimetype: mimetypeOf(path) } as const
  const early = { hash: UNREAD_HASH, version: EARLY_VERSION }
  return { ...described, ...early, ...(extra === undefined ? {} : { extra }) }
}
