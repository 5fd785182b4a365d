import { type FileRecord, OnituError, toWireError } from '@onitu/protocol'
import type { DriverCalls } from '../driver/driver-calls.ts'
import type { Engine } from '../engine.ts'
import { ChangedError } from '../errors.ts'
import { Limiter } from '../limiter.ts'
import { metadataOfRecord } from '../metadata.ts'
import { readRecords } from '../observe/outbox.ts'
import type { FilesReply, Wanted, WantedChunk } from './messages.ts'
import type { RecentContents } from './recent-contents.ts'
import type { LocalFile } from './spool.ts'

/** Bytes of contents that are read at the same time. */
const READ_WEIGHT = 16 * 1024 * 1024
const RECENT_RECORDS = 16

/** Gives contents of this service to other Plugs: only what the record says, and only in the state that it says. */
export class ContentProvider {
  readonly #engine: Engine
  readonly #driver: DriverCalls
  readonly #contents: RecentContents
  #reads = new Limiter(READ_WEIGHT)
  /** Records of files of which chunks were asked for. */
  #recent = new Map<string, FileRecord>()

  constructor(engine: Engine, driver: DriverCalls, recent: RecentContents) {
    this.#engine = engine
    this.#driver = driver
    this.#contents = recent
  }

  /** How many contents are being read. */
  get active(): number {
    return this.#reads.running
  }

  /** Each file on its own: one that cannot be read does not spoil the others. */
  async files(wanted: readonly Wanted[]): Promise<{ reply: FilesReply; content: Uint8Array }> {
    const records = await readRecords(
      this.#engine,
      wanted.map(({ fid }) => fid),
    )
    const active = this.active
    const outcomes = await Promise.allSettled(wanted.map((file) => this.#read(file, records.get(file.fid))))
    const contents: Uint8Array[] = []
    const results = outcomes.map((outcome) => {
      if (outcome.status === 'rejected') return { error: { ...toWireError(outcome.reason) } }
      contents.push(outcome.value)
      return { size: outcome.value.byteLength }
    })
    const [only] = contents
    return {
      reply: { active, results },
      content: contents.length === 1 && only !== undefined ? only : Buffer.concat(contents),
    }
  }

  async file(wanted: Wanted): Promise<Uint8Array> {
    const records = await readRecords(this.#engine, [wanted.fid])
    return this.#read(wanted, records.get(wanted.fid))
  }

  async chunk(wanted: WantedChunk, offset: number, size: number): Promise<Uint8Array> {
    if (wanted.history !== undefined) return this.#historyChunk(wanted.history, wanted.hash, offset, size)
    return this.#withRecord(wanted, (record, token) =>
      this.#reads.run(size, () => this.#chunk(wanted.fid, record, token, offset, size)),
    )
  }

  /** A file of this machine that holds the content, where there is one. Whoever reads it has to prove what it read. */
  async path(wanted: Wanted): Promise<LocalFile | undefined> {
    return this.#withRecord(wanted, async (record, token) => {
      const kept = await this.#engine.spool?.find(record.hash)
      if (kept !== undefined) return kept
      const metadata = metadataOfRecord(wanted.fid, record)
      const path = await this.#driver.reads.localPath(metadata, token, this.#engine.signal)
      return path === undefined ? undefined : { path }
    })
  }

  /** What fails may have failed for a record that is not the last one: a file may have the same content again, under another token. */
  async #withRecord<T>(wanted: Wanted, use: (record: FileRecord, token: string) => Promise<T>): Promise<T> {
    const { record, token } = this.#check(wanted, await this.#recordOf(wanted))
    try {
      return await use(record, token)
    } catch (error) {
      this.#recent.delete(wanted.fid)
      throw error
    }
  }

  async #chunk(fid: string, record: FileRecord, token: string, offset: number, size: number): Promise<Uint8Array> {
    const { spool, signal } = this.#engine
    const kept = await spool?.read(record.hash, offset, Math.min(size, Math.max(0, record.size - offset)))
    return kept ?? this.#driver.reads.readChunk(metadataOfRecord(fid, record), offset, size, token, signal)
  }

  #historyChunk(folder: string, hash: string, offset: number, size: number): Promise<Uint8Array> {
    this.#checkFolder(folder)
    return this.#reads.run(size, () =>
      this.#driver.reads.readHistoryChunk(folder, hash, offset, size, this.#engine.signal),
    )
  }

  /**
   * Of the chunks of a file only the first asks the database. The record may have changed since, but what it says of a
   * token stays true, and the driver gives nothing in another state.
   */
  async #recordOf({ fid, hash }: Wanted): Promise<FileRecord | undefined> {
    const recent = this.#recent.get(fid)
    if (recent?.hash === hash) return recent
    const record = (await readRecords(this.#engine, [fid])).get(fid)
    this.#recent.delete(fid)
    // A file that is not there now may be there again, and its record has the same hash then.
    if (record !== undefined && record.token !== null) this.#recent.set(fid, record)
    const [oldest] = this.#recent.keys()
    if (this.#recent.size > RECENT_RECORDS && oldest !== undefined) this.#recent.delete(oldest)
    return record
  }

  async #read(wanted: Wanted, found: FileRecord | undefined): Promise<Uint8Array> {
    const { record, token } = this.#check(wanted, found)
    const recent = this.#contents.get(record.hash)
    if (recent?.byteLength === record.size) return recent
    return this.#reads.run(record.size, () =>
      this.#driver.reads.readWhole(metadataOfRecord(wanted.fid, record), token, this.#engine.signal),
    )
  }

  #check({ hash }: Wanted, record: FileRecord | undefined): { record: FileRecord; token: string } {
    if (record === undefined || record.token === null || record.kind !== 'file' || record.hash !== hash) {
      throw new ChangedError(`${this.#engine.service} does not hold this content any more`)
    }
    this.#checkFolder(record.folder)
    return { record, token: record.token }
  }

  #checkFolder(folder: string): void {
    const { service, folders } = this.#engine
    const mode = folders.get(folder)?.mode
    if (mode === undefined || mode === 'w') {
      throw new OnituError('NOT_READABLE', `${service} may not be read in folder ${folder}`)
    }
    if (!this.#engine.isAvailable(folder)) {
      throw new OnituError('UNAVAILABLE', `${folder} of ${service} cannot be reached`, { retryable: true })
    }
  }
}
