import { contentHash, ignoredEvent, isOnituError, type OnituError } from '@onitu/protocol'
import type { DriverCalls } from '../call-driver.ts'
import type { Metadata, Seen } from '../contract.ts'
import type { Engine } from '../engine.ts'
import { Limiter } from '../limiter.ts'
import { metadataOfRecord } from '../metadata.ts'
import { WINDOW_BYTES } from '../transfer/chunk-stream.ts'
import type { RecentContents } from '../transfer/recent-contents.ts'
import { hashLarge } from './hash-large.ts'
import type { CheckedChange } from './plan-report.ts'

export type ReadResult =
  /** The change with its hash. */
  | { readonly type: 'read'; readonly checked: CheckedChange }
  /** The service has another content there now, of which the driver will tell. */
  | { readonly type: 'changed' }
  | { readonly type: 'failed'; readonly error: OnituError }
  /** Nobody will ever want to know. */
  | { readonly type: 'ignored' }

/** Bytes of contents that are read at the same time to know their hash. */
const READ_WEIGHT = 16 * 1024 * 1024

/** Reads the contents that a driver told of without their hash. */
export class ChangeReader {
  readonly #engine: Engine
  readonly #driver: DriverCalls
  readonly #recent: RecentContents
  #limiter = new Limiter(READ_WEIGHT)

  constructor(engine: Engine, driver: DriverCalls, recent: RecentContents) {
    this.#engine = engine
    this.#driver = driver
    this.#recent = recent
  }

  async read(checked: CheckedChange): Promise<ReadResult> {
    const { change, fid } = checked
    if (change.type === 'deleted' || change.hash !== undefined || change.kind === 'directory')
      return { type: 'read', checked }
    // A write-only service is never read; what it reports would be ignored by the Referee anyway.
    if (this.#engine.folders.get(change.folder)?.mode === 'w') {
      this.#tellIgnored(change)
      return { type: 'ignored' }
    }
    try {
      const hash = await this.#hash(fid, change)
      return { type: 'read', checked: { ...checked, change: { ...change, hash } } }
    } catch (error) {
      if (!isOnituError(error)) throw error
      return error.code === 'CHANGED' ? { type: 'changed' } : { type: 'failed', error }
    }
  }

  /**
   * For a report that waited for an order on the file: a service without conditional writes may have got another content
   * from the order, whatever was there when the driver looked. Nobody would tell of that, for it is what the Plug wrote. So the
   * hash is not taken from the driver.
   */
  doubt(checked: CheckedChange): CheckedChange {
    const { change } = checked
    if (this.#driver.capabilities.conditionalWrite || change.type === 'deleted' || change.hash === undefined)
      return checked
    const { hash: _, ...seen } = change
    return { ...checked, change: seen }
  }

  #hash(fid: string, seen: Seen): Promise<string> {
    const { chunkSize, signal, spool } = this.#engine
    const metadata = metadataOfSeen(fid, seen)
    if (seen.size <= chunkSize) return this.#limiter.run(seen.size, () => this.#hashSmall(metadata, seen.token))
    const weight = Math.min(seen.size, Math.max(chunkSize, WINDOW_BYTES))
    return this.#limiter.run(weight, () => hashLarge(this.#driver, metadata, seen.token, { chunkSize, signal, spool }))
  }

  async #hashSmall(metadata: Metadata, token: string): Promise<string> {
    const content = await this.#driver.readWhole(metadata, token, this.#engine.signal)
    const hash = contentHash(content)
    this.#recent.add(hash, content)
    return hash
  }

  #tellIgnored({ folder, path }: Seen): void {
    const { service, emit } = this.#engine
    emit(ignoredEvent('source', { reason: 'mode', mode: 'w' }, { service, folder, path }))
  }
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
