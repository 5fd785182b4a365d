import { fileRecordSchema, keys, lastPart, parseRecord } from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import type { Source } from './source.ts'
import type { Topology } from './topology.ts'

/** ms between two searches: each reads all that is known of every service. */
const INTERVAL = 60_000

/**
 * Finds contents under whatever names they have, for those that nobody holds where they should be: what was moved away while something that
 * is kept out took its place, or was copied. The last resort: one search at a time for all that is wanted, and not often.
 */
export class ContentSearch {
  readonly #engine: Engine
  /** By hash. What was asked for in between is looked for the next time. */
  readonly #wanted = new Set<string>()
  readonly #found = new Map<string, Source[]>()
  #next = 0
  #running: Promise<void> | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Empty when nobody holds it, or nobody looked for it yet: whoever asks tries again anyway. */
  async find(hash: string, topology: () => Promise<Topology>): Promise<readonly Source[]> {
    if (!this.#found.has(hash)) await this.#search(hash, topology)
    const sources = this.#found.get(hash) ?? []
    this.#found.delete(hash)
    return sources
  }

  async #search(hash: string, topology: () => Promise<Topology>): Promise<void> {
    this.#wanted.add(hash)
    const { clock } = this.#engine
    if (this.#running !== undefined || clock.elapsed() < this.#next) return
    this.#next = clock.elapsed() + INTERVAL
    this.#running = this.#read(topology).finally(() => {
      this.#running = undefined
    })
    await this.#running
  }

  async #read(topology: () => Promise<Topology>): Promise<void> {
    const hashes = new Set(this.#wanted)
    this.#wanted.clear()
    this.#found.clear()
    const neighbours = new Map([...(await topology()).values()].flat().map((one) => [one.service, one.velocity]))
    for (const [service, velocity] of neighbours) {
      for await (const [key, value] of this.#engine.db.range({ prefix: keys.filePrefix(service) })) {
        if (!hashes.has(hashOf(value))) continue
        const { token, kind, hash } = parseRecord(fileRecordSchema, value, String(key))
        if (token === null || kind !== 'file') continue
        this.#found.set(hash, [...(this.#found.get(hash) ?? []), { service, velocity, fid: lastPart(String(key)) }])
      }
    }
  }
}

/** Without looking at the rest: nearly all are others. */
function hashOf(record: unknown): string {
  return typeof record === 'object' && record !== null && 'hash' in record ? String(record.hash) : ''
}
