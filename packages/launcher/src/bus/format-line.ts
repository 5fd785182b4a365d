import type { DescribedEvent } from './described-event.ts'
import { localTime, printable } from './printable.ts'

/** Level names by pino's numbers. */
const LEVELS = new Map([
  [10, 'TRACE'],
  [20, 'DEBUG'],
  [30, 'INFO'],
  [40, 'WARN'],
  [50, 'ERROR'],
  [60, 'FATAL'],
])

export const DEBUG = 20
export const INFO = 30
export const WARN = 40

/** `2026-01-31 14:05:06.789 INFO  left - Dealer: Transfer of 'a.txt' successful`, in local time. */
export function formatLine({ event, description }: DescribedEvent): string {
  const { channel, level, message } = description
  return `${localTime(event.time)} ${levelName(level).padEnd(5)} ${channel}: ${printable(message)}`
}

function levelName(level: number): string {
  return LEVELS.get(Math.floor(level / 10) * 10) ?? String(level)
}
