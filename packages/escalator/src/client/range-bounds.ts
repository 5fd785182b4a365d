import type { Bounds } from '../database.ts'
import { compareKeys, joinKeys, type Key } from '../wire/key.ts'

/** Bounds as the server takes them: whole keys. */
export interface RangeBounds {
  gt?: Key
  gte?: Key
  lt?: Key
  lte?: Key
}

const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff
const LAST_CODE_POINT = 0x10ffff
const LAST_BYTE = 0xff

/** `base` is the prefix of the database; `prefix`, `start` and `stop` of the options are behind it, and all must hold. */
export function rangeBounds(
  base: Key,
  { prefix = '', start, stop, includeStart = true, includeStop = false }: Bounds<Key>,
): RangeBounds {
  const whole = joinKeys(base, prefix)
  const end = prefixEnd(whole)
  const first = start === undefined ? undefined : joinKeys(base, start)
  const last = stop === undefined ? undefined : joinKeys(base, stop)
  const bounds: RangeBounds = {}
  if (first !== undefined && compareKeys(first, whole) >= 0) bounds[includeStart ? 'gte' : 'gt'] = first
  else if (whole.length > 0) bounds.gte = whole
  if (last !== undefined && (end === undefined || compareKeys(last, end) < 0)) bounds[includeStop ? 'lte' : 'lt'] = last
  else if (end !== undefined) bounds.lt = end
  return bounds
}

/** The first key behind all that begin with `prefix`, or undefined when there is none. */
export function prefixEnd(prefix: Key): Key | undefined {
  return typeof prefix === 'string' ? textEnd(prefix) : bytesEnd(prefix)
}

/** Keys are ordered by bytes, which for UTF-8 is the order of code points: the last one is increased by one. */
function textEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === LAST_CODE_POINT) continue
    const next = last + 1 === FIRST_SURROGATE ? LAST_SURROGATE + 1 : last + 1
    return String.fromCodePoint(...points, next)
  }
  return undefined
}

function bytesEnd(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex((byte) => byte !== LAST_BYTE)
  if (last === -1) return undefined
  // Not slice, which for a Buffer gives the same memory.
  const end = new Uint8Array(prefix.subarray(0, last + 1))
  end[last] = (end[last] ?? 0) + 1
  return end
}
