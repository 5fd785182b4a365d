import type { Operation } from '@onitu/escalator'
import {
  type BlockHash,
  HASH_BLOCK_SIZE,
  type Head,
  isOnituError,
  keys,
  lastPart,
  OnituError,
  parseRecord,
  type Transfer,
  transferSchema,
} from '@onitu/protocol'
import type { Engine } from '../engine.ts'
import { untilAnswered } from '../until-answered.ts'

/** The journals of the transfers that are running or can be resumed. There are few, so they are kept in memory too. */
export class Journals {
  readonly #engine: Engine
  #known = new Map<string, Transfer>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  async load(): Promise<void> {
    const { db, service, warn } = this.#engine
    const unreadable: Operation[] = []
    for await (const [key, value] of db.range({ prefix: keys.transferPrefix(service) })) {
      try {
        this.#known.set(lastPart(key), parseRecord(transferSchema, value, key))
      } catch (error) {
        if (!isOnituError(error) || error.code !== 'INVALID_RECORD') throw error
        warn(`A transfer cannot be resumed: ${error.message}`)
        unreadable.push({ type: 'delete', key })
      }
    }
    if (unreadable.length > 0) await db.batch(unreadable)
  }

  get(fid: string): Transfer | undefined {
    return this.#known.get(fid)
  }

  fids(): string[] {
    return [...this.#known.keys()]
  }

  /** `written`: bytes that the service has. A transfer resumes behind the last block that it has and that is verified. */
  async write(
    { fid, version, hash, early }: Pick<Head, 'fid' | 'version' | 'hash'> & Pick<Transfer, 'early'>,
    state: unknown,
    progress: BlockHash,
    written: number,
  ): Promise<void> {
    const { db, service } = this.#engine
    const blocks = Math.floor(Math.min(progress.verified, written) / HASH_BLOCK_SIZE)
    const journal: Transfer = {
      version,
      hash,
      ...(early && { early }),
      offset: blocks * HASH_BLOCK_SIZE,
      blocks: new Uint8Array(progress.blocks.subarray(0, blocks * 32)),
      state: checkState(state),
    }
    await untilAnswered(this.#engine, () => db.put(keys.transfer(service, fid), journal))
    this.#known.set(fid, journal)
  }

  async remove(fid: string): Promise<void> {
    const { db, service } = this.#engine
    await untilAnswered(this.#engine, () => db.delete(keys.transfer(service, fid)))
    this.#known.delete(fid)
  }

  /** The journal was removed together with the order. */
  forget(fid: string): void {
    this.#known.delete(fid)
  }
}

/** msgpack has no undefined; a driver without a state of its own gets null back. */
function checkState(state: unknown): unknown {
  if (typeof state === 'function' || typeof state === 'symbol') {
    throw new OnituError('INVALID_STATE', `startUpload must give plain data, got a ${typeof state}`)
  }
  return state ?? null
}
