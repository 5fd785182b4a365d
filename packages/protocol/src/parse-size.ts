const DECIMAL = { k: 1e3, m: 1e6, g: 1e9, t: 1e12, p: 1e15 } as const
const BINARY = { ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40, pi: 2 ** 50 } as const

const FACTORS: ReadonlyMap<string, number> = new Map<string, number>([
  ['', 1],
  ['b', 1],
  ['o', 1],
  ...Object.entries(DECIMAL).flatMap(([unit, factor]): [string, number][] => [
    [unit, factor],
    [`${unit}o`, factor],
    [`${unit}b`, factor],
  ]),
  ...Object.entries(BINARY),
])

const SIZE = /^(\d+(?:\.\d+)?)([a-z]*)$/

/**
 * Bytes of a size as people write it (`2G`, `7.5 Gb`, `10 000`, `7 GI`), or undefined when it is none. Numbers are
 * truncated; spaces and case do not matter; `k` is 1000, `ki` is 1024, `b` and `o` (octet) may follow the decimal units.
 */
export function parseSize(size: unknown): number | undefined {
  if (typeof size === 'number') return Number.isFinite(size) && size >= 0 ? Math.trunc(size) : undefined
  if (typeof size !== 'string') return undefined
  const match = SIZE.exec(size.replaceAll(/\s/g, '').toLowerCase())
  const [, digits = '', unit = ''] = match ?? []
  const factor = FACTORS.get(unit)
  if (match === null || factor === undefined) return undefined
  return Math.trunc(Number(digits) * factor)
}
