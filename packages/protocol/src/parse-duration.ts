const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', SECOND],
  ['m', MINUTE],
  ['h', HOUR],
  ['d', DAY],
  ['w', 7 * DAY],
  ['y', 365 * DAY],
])

const DURATION = /^(\d+(?:\.\d+)?)([smhdwy])$/

/** ms of a time as people write it (`30d`, `12 h`, `1.5h`), or undefined when it is none. A number needs its unit. */
export function parseDuration(duration: unknown): number | undefined {
  if (typeof duration !== 'string') return undefined
  const [, digits = '', unit = ''] = DURATION.exec(duration.replaceAll(/\s/g, '').toLowerCase()) ?? []
  const factor = UNITS.get(unit)
  return factor === undefined ? undefined : Math.trunc(Number(digits) * factor)
}
