import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import type { HistoryEntry } from '@onitu/plug'
import { codeOf, isAbsent } from '../failure.ts'
import { isDay, parseEntry } from '../history/entry-name.ts'
import { split } from '../paths.ts'

/** A content may come from a directory that only its owner may enter. */
const PRIVATE = 0o700

export interface KeptFile extends HistoryEntry {
  /** Absolute. */
  readonly path: string
}

/** The days of a history, the oldest first. */
export function daysOf(history: string): string[] {
  return namesIn(history).filter(isDay).sort()
}

/** What was kept on a day, the oldest first: names begin with the time. */
export function filesOf(history: string, day: string): KeptFile[] {
  const directory = `${history}/${day}`
  return namesIn(directory)
    .sort()
    .flatMap((file) => {
      const entry = parseEntry(day, file)
      return entry === undefined ? [] : [{ ...entry, path: `${directory}/${file}` }]
    })
}

/** A content that was kept several times is given several times, the newest first. */
export function findKept(history: string, hash: string): KeptFile[] {
  const days = daysOf(history).reverse()
  return days.flatMap((day) => filesOf(history, day).filter((file) => file.hash === hash))
}

export function sizeOf(files: readonly HistoryEntry[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

/** The directory of the day is made when it turns out to be missing, so that as a rule one call does it. */
export function putInto(entry: string, put: () => void): void {
  try {
    put()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    mkdirSync(split(entry).directory, { recursive: true, mode: PRIVATE })
    put()
  }
}

export function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && !isAbsent(error)) throw error
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}
