import { type FileRecord, OnituError, toWireError } from '@onitu/protocol'
import type { DriverCalls } from '../call-driver.ts'
import type { Engine } from '../engine.ts'
import { ChangedError } from '../errors.ts'
import { Limiter } from '../limiter.ts'
import { metadataOfRecord } from '../metadata.ts'
import { readRecords } from '../observe/outbox.ts'
import type { FilesReply, Wanted } from './messages.ts'

/** Bytes of contents that are read at the same time. */
const READ_WEIGHT = 16 * 1024 * 1024

/** Gives contents of this service to other Plugs: only what the record says, and only in the state that it says. */
export class ContentProvider {
  readonly #engine: Engine
  readonly #driver: DriverCalls
  #reads = new Limiter(READ_WEIGHT)

  constructor(engine: Engine, driver: DriverCalls) {
    this.#engine = engine
    this.#driver = driver
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

  async chunk(wanted: Wanted, offset: number, size: number): Promise<Uint8Array> {
    const records = await readRecords(this.#engine, [wanted.fid])
    const { record, token } = this.#check(wanted, records.get(wanted.fid))
    return this.#reads.run(size, () =>
      this.#driver.readChunk(metadataOfRecord(wanted.fid, record), offset, size, token, this.#engine.signal),
    )
  }

  async #read(wanted: Wanted, found: FileRecord | undefined): Promise<Uint8Array> {
    const { record, token } = this.#check(wanted, found)
    return this.#reads.run(record.size, () =>
      this.#driver.readWhole(metadataOfRecord(wanted.fid, record), token, this.#engine.signal),
    )
  }

  #check({ hash }: Wanted, record: FileRecord | undefined): { record: FileRecord; token: string } {
    const { service, folders } = this.#engine
    if (record === undefined || record.token === null || record.kind !== 'file' || record.hash !== hash) {
      throw new ChangedError(`${service} does not hold this content any more`)
    }
    const mode = folders.get(record.folder)?.mode
    if (mode === undefined || mode === 'w') {
      throw new OnituError('NOT_READABLE', `${service} may not be read in folder ${record.folder}`)
    }
    if (!this.#engine.isAvailable(record.folder)) {
      throw new OnituError('UNAVAILABLE', `${record.folder} of ${service} cannot be reached`, { retryable: true })
    }
    return { record, token: record.token }
  }
}
