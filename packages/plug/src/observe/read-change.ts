import { ignoredEvent, isOnituError, type OnituError } from '@onitu/protocol'
import type { DriverCalls } from '../call-driver.ts'
import type { Seen } from '../contract.ts'
import type { Engine } from '../engine.ts'
import { Limiter } from '../limiter.ts'
import { metadataOfRecord } from '../metadata.ts'
import { hashContent } from './hash-content.ts'
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
  #limiter = new Limiter(READ_WEIGHT)

  constructor(engine: Engine, driver: DriverCalls) {
    this.#engine = engine
    this.#driver = driver
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

  #hash(fid: string, seen: Seen): Promise<string> {
    const { chunkSize, signal } = this.#engine
    return this.#limiter.run(Math.min(seen.size, chunkSize), () =>
      hashContent(this.#driver, metadataOfSeen(fid, seen), seen.token, chunkSize, signal),
    )
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
