import { contentHash, isOnituError, type OnituError, UNREAD_HASH } from '@onitu/protocol'
import type { Change, Metadata, Seen } from '../contract.ts'
import type { DriverCalls } from '../driver/driver-calls.ts'
import type { Engine } from '../engine.ts'
import { Limiter } from '../limiter.ts'
import { metadataOfRecord } from '../metadata.ts'
import { windowBytes } from '../transfer/chunk-stream.ts'
import type { RecentContents } from '../transfer/recent-contents.ts'
import type { FindStaging } from '../transfer/staging.ts'
import { asUpdate, type CheckedChange } from './checked-change.ts'
import { hashLarge } from './hash-large.ts'
import { readRecords } from './outbox.ts'

export type ReadResult =
  /** The change with its hash. */
  | { readonly type: 'read'; readonly checked: CheckedChange }
  /** The service has another content there now, of which the driver will tell. */
  | { readonly type: 'changed' }
  | { readonly type: 'failed'; readonly error: OnituError }

/** Bytes of contents that are read at the same time to know their hash: of small files, and of large ones. */
const READ_WEIGHT = 16 * 1024 * 1024

/** Where the contents go that were read: others ask for them a moment later. */
export interface ReadContents {
  /** Of small files. */
  readonly recent: RecentContents
  readonly staging: FindStaging
}

/** Reads the contents that a driver told of without their hash. */
export class ChangeReader {
  readonly #engine: Engine
  readonly #driver: DriverCalls
  readonly #contents: ReadContents
  readonly #small = new Limiter(READ_WEIGHT)
  /** A large file may take hours: small ones do not wait for that. */
  readonly #large = new Limiter(READ_WEIGHT)

  constructor(engine: Engine, driver: DriverCalls, contents: ReadContents) {
    this.#engine = engine
    this.#driver = driver
    this.#contents = contents
  }

  async read(checked: CheckedChange): Promise<ReadResult> {
    const { change, fid } = checked
    if (change.type === 'deleted' && checked.isDoubted === true) return this.#lookForDeleted(checked)
    if (change.type !== 'deleted' && change.kind === 'directory' && this.#mustProve(checked))
      return this.#lookForDirectory(checked, change)
    if (change.type === 'deleted' || change.hash !== undefined || change.kind === 'directory')
      return { type: 'read', checked }
    // The Referee ignores it; that it is there has to be known all the same, or an order would find it in its way for ever.
    const isUnread = this.#engine.folders.get(change.folder)?.mode === 'w'
    try {
      if (isUnread && checked.own !== undefined && (await this.#isUnnoted(fid, checked.own))) {
        const hash = await this.#hash(fid, change)
        return withHash(checked, change, checked.own.includes(hash) ? hash : UNREAD_HASH)
      }
      if (isUnread) {
        if (checked.isDoubted || checked.own !== undefined)
          await this.#driver.reads.prove(metadataOfSeen(fid, change), change.token, this.#engine.signal)
        return withHash(checked, change, UNREAD_HASH)
      }
      return withHash(checked, change, await this.#hash(fid, change))
    } catch (error) {
      if (!isOnituError(error)) throw error
      return error.code === 'CHANGED' ? { type: 'changed' } : { type: 'failed', error }
    }
  }

  /** Of a move, of which only the new place is told where what is known to be at the old one is there. A directory of which the driver cannot tell is believed to have gone. */
  async lookAtOldPlace({
    isFromDoubted: _,
    ...checked
  }: CheckedChange): Promise<Exclude<ReadResult, { type: 'changed' }>> {
    const { from } = checked
    const record = from === undefined ? undefined : (await readRecords(this.#engine, [from])).get(from)
    const isGone: ReadResult = { type: 'read', checked }
    if (from === undefined || record === undefined || record.token === null) return isGone
    if (record.kind === 'directory' && checked.isProvable !== true) return isGone
    try {
      const isThere = await this.#isThere(metadataOfRecord(from, record), record.token)
      return isThere ? { type: 'read', checked: asUpdate(checked) } : isGone
    } catch (error) {
      if (!isOnituError(error)) throw error
      return { type: 'failed', error }
    }
  }

  /**
   * Whether an order that was carried out while a report waited for it has left alone what was there: a service without conditional writes
   * may have got another content from it, whatever was there when the driver looked.
   */
  get canRely(): boolean {
    return this.#driver.capabilities.conditionalWrite
  }

  get canProveDirectories(): boolean {
    return this.#driver.canProveDirectories
  }

  /** Still: an order may have been carried out since. */
  async #isUnnoted(fid: string, own: readonly string[]): Promise<boolean> {
    const record = (await readRecords(this.#engine, [fid])).get(fid)
    return record?.writing?.some(({ hash }) => own.includes(hash)) === true
  }

  /**
   * What an order has put there while this was told is there, or was deleted since. While that cannot be seen it is taken to be there, since to delete it
   * everywhere else would be worse, and is looked for again. Where directories cannot be looked for: if there was none before the order, and nothing was told of one, what was
   * deleted is the one that the order has made.
   */
  async #lookForDeleted({ change, fid, isDoubted: _, isLast, ...rest }: CheckedChange): Promise<ReadResult> {
    const record = (await readRecords(this.#engine, [fid])).get(fid)
    if (record === undefined || record.token === null) return { type: 'changed' }
    const isGone: ReadResult = { type: 'read', checked: { ...rest, change, fid } }
    if (record.kind === 'directory' && rest.isProvable !== true) return isLast === true ? isGone : { type: 'changed' }
    try {
      return (await this.#isThere(metadataOfRecord(fid, record), record.token)) ? { type: 'changed' } : isGone
    } catch (error) {
      if (!isOnituError(error)) throw error
      return { type: 'failed', error }
    }
  }

  async #isThere(metadata: Metadata, token: string): Promise<boolean> {
    const { signal } = this.#engine
    if (metadata.kind === 'directory') return this.#driver.isThere(metadata, token, signal)
    try {
      await this.#driver.reads.proveByReading(metadata, token, signal)
      return true
    } catch (error) {
      if (isOnituError(error) && error.code === 'CHANGED') return false
      throw error
    }
  }

  #mustProve({ isDoubted, isProvable }: CheckedChange): boolean {
    return isDoubted === true && isProvable === true
  }

  /** Where an order was at the same place meanwhile, the directory that was seen may be older than what is there, or newer. */
  async #lookForDirectory({ isDoubted: _, ...checked }: CheckedChange, seen: Seen): Promise<ReadResult> {
    try {
      const isThere = await this.#isThere(metadataOfSeen(checked.fid, seen), seen.token)
      return isThere ? { type: 'read', checked } : { type: 'changed' }
    } catch (error) {
      if (!isOnituError(error)) throw error
      return { type: 'failed', error }
    }
  }

  #hash(fid: string, seen: Seen): Promise<string> {
    const { chunkSize, signal, spool } = this.#engine
    const { staging } = this.#contents
    const metadata = metadataOfSeen(fid, seen)
    if (seen.size <= chunkSize) return this.#small.run(seen.size, () => this.#hashSmall(metadata, seen.token))
    return this.#large.run(Math.min(seen.size, windowBytes(chunkSize)), () =>
      hashLarge(this.#driver, metadata, seen.token, { chunkSize, signal, spool, staging }),
    )
  }

  async #hashSmall(metadata: Metadata, token: string): Promise<string> {
    const content = await this.#driver.reads.readWhole(metadata, token, this.#engine.signal)
    const hash = contentHash(content)
    this.#contents.recent.add(hash, content)
    return hash
  }
}

function withHash(checked: CheckedChange, change: Exclude<Change, { type: 'deleted' }>, hash: string): ReadResult {
  return { type: 'read', checked: { ...checked, change: { ...change, hash } } }
}

function metadataOfSeen(fid: string, seen: Seen) {
  return metadataOfRecord(fid, {
    folder: seen.folder,
    path: seen.path,
    kind: seen.kind ?? 'file',
    size: seen.size,
    hash: '',
    mtime: seen.mtime,
    mode: seen.mode ?? null,
    version: 0,
    token: seen.token,
    reported: 0,
    extra: seen.extra,
  })
}
