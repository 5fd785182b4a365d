import type { Level } from './open-level.ts'
import type { RangeRequest } from './parse-request.ts'

/** `entries`: keys and values in turn, or only one of both, as the range asked for. */
export interface Page {
  readonly entries: readonly unknown[]
  readonly done: boolean
}

export interface Cursor {
  /** One call at a time. */
  next(): Promise<Page>
  close(): Promise<void>
}

/** Small first, since many loops leave early; then enough that a round trip costs little beside it. */
const PAGE_BYTES = 256 * 1024
const PAGE_ENTRIES = 5_000
const FIRST_PAGE_ENTRIES = 500
/** UTF-8 takes at most so many bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3

/** The snapshot is taken now, before this returns. */
export function openCursor(level: Level, request: RangeRequest): Cursor {
  const { type: _, ...bounds } = request
  const iterator = level.iterator({ ...bounds, fillCache: false, highWaterMarkBytes: PAGE_BYTES })
  let left = request.limit === -1 ? Number.POSITIVE_INFINITY : request.limit
  let first = true
  return {
    async next() {
      const wanted = Math.min(left, first ? FIRST_PAGE_ENTRIES : PAGE_ENTRIES)
      first = false
      const pairs = wanted === 0 ? [] : await iterator.nextv(wanted)
      left -= pairs.length
      const { entries, bytes } = flatten(pairs, request)
      // Neither the count nor the bytes ended this page, so the range did: no further page has to be asked for.
      const exhausted = pairs.length < wanted && bytes < PAGE_BYTES
      return { entries, done: pairs.length === 0 || left === 0 || exhausted }
    },
    close: () => iterator.close(),
  }
}

function flatten(pairs: readonly (readonly [string, Uint8Array])[], { keys, values }: RangeRequest) {
  const entries: unknown[] = []
  let bytes = 0
  for (const [key, value] of pairs) {
    if (keys) {
      entries.push(key)
      bytes += key.length * BYTES_PER_UNIT
    }
    if (values) {
      entries.push(value)
      bytes += value.byteLength
    }
  }
  return { entries, bytes }
}
