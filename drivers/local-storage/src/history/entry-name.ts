import type { HistoryEntry, KeptContent } from '@onitu/plug'

/*
 * Where a content is in the history: DAY/TIME-SIZE-HASH-NAME, as in 2026-11-24/003712123-512-5891b5…-notes.txt (UTC; NAME is
 * that of the file and only there for people). All that is asked of the history is in the names, so nothing has to be
 * opened or looked up; the time of the file itself stays that of its content.
 */

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/
const FILE = /^(\d\d)(\d\d)(\d\d)(\d{3})-(\d{1,16})-([0-9a-f]{64})-/
const HASH = /^[0-9a-f]{64}$/
/** Bytes of a name that every file system takes, less what comes before NAME. */
const LONGEST_NAME = 255 - 100

export interface EntryPlace {
  readonly day: string
  readonly file: string
}

/** `at`: ms since 1970. Undefined for a content that has no proper hash. */
export function entryPlace(at: number, { hash, size }: KeptContent, name: string): EntryPlace | undefined {
  if (!HASH.test(hash)) return undefined
  const [day = '', time = ''] = new Date(at).toISOString().split('T')
  return { day, file: `${time.replaceAll(/\D/g, '')}-${size}-${hash}-${cut(name)}` }
}

export function isDay(name: string): boolean {
  return DAY.test(name)
}

/** Undefined for what was not put there by Onitu. */
export function parseEntry(day: string, file: string): HistoryEntry | undefined {
  const date = DAY.exec(day)
  const [, hours, minutes, seconds, ms, size, hash = ''] = FILE.exec(file) ?? []
  if (date === null || hours === undefined) return undefined
  const since = Date.parse(`${day}T${hours}:${minutes}:${seconds}.${ms}Z`)
  return Number.isNaN(since) ? undefined : { since, size: Number(size), hash }
}

/** Whole characters only. */
function cut(name: string): string {
  const bytes = Buffer.from(name)
  if (bytes.byteLength <= LONGEST_NAME) return name
  return bytes
    .subarray(0, LONGEST_NAME)
    .toString()
    .replace(/\uFFFD+$/, '')
}
