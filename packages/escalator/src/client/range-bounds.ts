import type { RangeOptions } from '../database.ts'

/** Bounds as the server takes them: whole keys. Undefined: nothing can be in the range. */
export interface RangeBounds {
  gt?: string
  gte?: string
  lt?: string
  lte?: string
}

const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff
const LAST_CODE_POINT = 0x10ffff

/** `base` is the prefix of the database; `prefix`, `start` and `stop` of the options are behind it, and all must hold. */
export function rangeBounds(
  base: string,
  { prefix = '', start, stop, includeStart = true, includeStop = false }: RangeOptions,
): RangeBounds {
  const whole = base + prefix
  const end = prefixEnd(whole)
  const bounds: RangeBounds = {}
  if (start !== undefined && !isBefore(base + start, whole)) bounds[includeStart ? 'gte' : 'gt'] = base + start
  else if (whole !== '') bounds.gte = whole
  if (stop !== undefined && (end === undefined || isBefore(base + stop, end)))
    bounds[includeStop ? 'lte' : 'lt'] = base + stop
  else if (end !== undefined) bounds.lt = end
  return bounds
}

/**
 * The first key behind all that begin with `prefix`, or undefined when there is none. Keys are ordered by UTF-8
 * bytes, which is the order of code points, so it is the prefix with its last code point increased by one.
 */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === LAST_CODE_POINT) continue
    const next = last + 1 === FIRST_SURROGATE ? LAST_SURROGATE + 1 : last + 1
    return String.fromCodePoint(...points, next)
  }
  return undefined
}

function isBefore(left: string, right: string): boolean {
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0
}
