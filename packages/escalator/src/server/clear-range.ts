import { type Key, keyId } from '../wire/key.ts'
import type { WriteList } from '../wire/write-list.ts'
import type { Level, LevelSnapshot } from './open-level.ts'
import type { ClearRequest } from './parse-request.ts'

/** Up to so many entries go in one batch, that is, at once or not at all; more go in several. */
export const ATOMIC_CLEAR = 10_000
/** Reading keys takes about a microsecond for each on the main thread. */
const PART = 2_000

/** A clear that is under way: what was there at its beginning goes, what was written since stays. */
export interface Clearing {
  /** The keys that the next batch deletes; none: it is done. */
  next(): Promise<readonly Uint8Array[]>
  /** Told of every write since. */
  written(lists: readonly WriteList[]): void
  /** Those of `keys` that nobody wrote since. */
  deletions(keys: readonly Uint8Array[]): WriteList
  close(): Promise<void>
}

export function createClearing(level: Level, request: ClearRequest, snapshot: LevelSnapshot | undefined): Clearing {
  const { type: _, sync: __, ...bounds } = request
  const iterator = level.keys({ ...bounds, ...(snapshot === undefined ? {} : { snapshot }), fillCache: false })
  const touched = new Set<string>()
  return {
    async next() {
      const keys: Uint8Array[] = []
      while (keys.length < ATOMIC_CLEAR) {
        const part = (await iterator.nextv(PART)) as readonly Uint8Array[]
        if (part.length === 0) break
        for (const key of part) keys.push(key)
      }
      return keys
    },
    written(lists) {
      for (const { keys } of lists) for (const key of keys) touched.add(keyId(key))
    },
    deletions(keys) {
      const left: readonly Key[] = touched.size === 0 ? keys : keys.filter((key) => !touched.has(keyId(key)))
      return { keys: left, values: left.map(() => null) }
    },
    close: () => iterator.close(),
  }
}
