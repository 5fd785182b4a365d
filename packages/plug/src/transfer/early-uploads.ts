import { fileId, type Head, isOnituError, keys, OnituError, type Transfer } from '@onitu/protocol'
import type { Metadata } from '../contract.ts'
import type { FileLocks } from '../file-locks.ts'
import { readRecords } from '../observe/outbox.ts'
import { type AbortTools, abortJournaled } from './abort-journaled.ts'
import { EARLY_VERSION, metadataOfOffer, type Outcome, type UploadTools, uploadEarly } from './early-upload.ts'
import { LocalContent } from './local-content.ts'
import type { Offer } from './messages.ts'
import { unlessAborted } from './unless-aborted.ts'
import { openUpload, type Upload } from './upload.ts'

export interface EarlyTools extends AbortTools, UploadTools {
  readonly locks: FileLocks
}

/** ms that an upload waits for its order; longer where there is one that waits itself. */
const AGE = 30_000

interface Entry {
  readonly file: NonNullable<Transfer['early']>
  readonly controller: AbortController
  /** Never rejects. */
  readonly outcome: Promise<Outcome>
  dropped?: Promise<void>
  /** Ends the waiting for an order. */
  forget?: () => void
}

interface Current {
  readonly fid: string
  readonly begun: Promise<Entry | undefined>
  readonly done: Promise<Outcome | undefined>
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

  /** What an earlier process has begun waits for its order as well. */
  start(): void {
    const { journals } = this.#tools
    for (const fid of journals.fids()) {
      const file = journals.get(fid)?.early
      if (file !== undefined) this.#enter(fid, file, new AbortController(), Promise.resolve('broken'))
    }
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
    const outcome = await unlessAborted(done, signal)
    return typeof outcome === 'object' ? outcome.hash : undefined
  }

  /** Whether anything of a file is, or may be, uploaded without an order. */
  has(fid: string): boolean {
    return this.#current?.fid === fid || this.#entries.has(fid)
  }

  /**
   * For an order that is about to upload a content: the upload, all of it, if it was that. One that broke off is left to its journal, anything else that was
   * uploaded of the file is given up. Not to be called by one who has locked the file.
   */
  async claim(head: Head, metadata: Metadata, signal: AbortSignal): Promise<Upload | undefined> {
    const { fid } = head
    await this.#isBegun(fid)
    const entry = this.#entries.get(fid)
    if (entry === undefined) return undefined
    const outcome = isEarlyOf(entry.file, head) ? await unlessAborted(entry.outcome, signal) : 'wrong'
    const isUpload = typeof outcome === 'object' && outcome.hash === head.hash
    if (entry.dropped !== undefined || (!isUpload && outcome !== 'broken')) {
      await this.drop(fid)
      return undefined
    }
    this.#leave(fid, entry)
    return isUpload ? outcome.upload.forHead?.(head, { ...metadata, version: EARLY_VERSION }) : undefined
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
    entry.dropped ??= this.#abort(fid, entry).finally(() => this.#leave(fid, entry))
    await entry.dropped
  }

  /** What is being uploaded is left as it is, for the next process. */
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

  async #outcomeOf(begun: Promise<Entry | undefined>): Promise<Outcome | undefined> {
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
    const records = await readRecords(engine, [fid])
    const record = records.get(fid)
    const token = record?.token ?? null
    // What is as long is perhaps the same content, with another time.
    const isKnown = token !== null && (record?.kind === 'directory' || record?.size === offer.size)
    const isUndecided = record !== undefined && (record.reported !== 0 || record.writing !== undefined)
    if (isKnown || isUndecided || (await this.#hasOrder(fid))) return undefined
    const metadata = metadataOfOffer(fid, offer, record?.extra)
    await driver.checkName(metadata)
    const content = await LocalContent.open(offer.from, offer.size)
    if (content === undefined) return undefined
    try {
      const { from: _, ...file } = offer
      const { upload } = await openUpload(
        { ...this.#tools, head: { ...metadata, early: file }, metadata },
        token,
        undefined,
      )
      const controller = new AbortController()
      const signal = AbortSignal.any([controller.signal, engine.signal])
      return this.#enter(fid, file, controller, uploadEarly(this.#tools, content, upload, offer.size, signal))
    } catch (error) {
      await content.close()
      throw error
    }
  }

  #enter(fid: string, file: Entry['file'], controller: AbortController, outcome: Promise<Outcome>): Entry {
    const entry: Entry = { file, controller, outcome }
    this.#entries.set(fid, entry)
    void outcome.then((ended) => {
      if (this.#closed || this.#entries.get(fid) !== entry) return
      if (ended === 'wrong') this.#dropSoon(fid)
      else this.#waitForOrder(fid, entry)
    })
    return entry
  }

  #waitForOrder(fid: string, entry: Entry): void {
    entry.forget = this.#tools.engine.clock.after(AGE, () => {
      this.#hasOrder(fid).then(
        (isOrdered) => {
          if (this.#closed || this.#entries.get(fid) !== entry) return
          if (isOrdered) this.#waitForOrder(fid, entry)
          else this.#dropSoon(fid)
        },
        (error: unknown) => {
          if (this.#closed) return
          this.#tools.engine.warn('Whether an upload is still wanted could not be read', error)
          this.#waitForOrder(fid, entry)
        },
      )
    })
  }

  async #hasOrder(fid: string): Promise<boolean> {
    const { db, service } = this.#tools.engine
    return (await db.get(keys.order(service, fid), { default: undefined })) !== undefined
  }

  #dropSoon(fid: string): void {
    this.drop(fid).catch((error: unknown) => this.#tools.engine.warn('What was uploaded could not be removed', error))
  }

  /** Its journal stays where it cannot be removed: the next order for the file, or the next process, does it. */
  async #abort(fid: string, { controller, outcome }: Entry): Promise<void> {
    controller.abort(new OnituError('SUPERSEDED', 'Something else is to be done with the file'))
    await outcome
    if (this.#closed) return
    try {
      await abortJournaled(this.#tools, fid)
    } catch (error) {
      if (!isOnituError(error)) throw error
      this.#tools.engine.warn(`What was uploaded of ${fid} before there was an order cannot be removed yet`, error)
    }
  }

  #leave(fid: string, entry: Entry): void {
    entry.forget?.()
    if (this.#entries.get(fid) === entry) this.#entries.delete(fid)
  }
}

/** Whether a file that was offered is what a head is about, as far as can be told without its hash. */
export function isEarlyOf(early: Transfer['early'], { size, mtime, mode }: Head): boolean {
  return early !== undefined && early.size === size && early.mtime === mtime && early.mode === mode
}
