/*
 * When to read a file that was just changed. Reading it while it is still written costs a version of a half file, waiting costs
 * latency. Small files come from one write and are read at once.
 */

const LARGE = 8 * 1024 * 1024
const LARGE_WAIT = 300
/** From here on programs write in several steps. */
const MEDIUM = 256 * 1024
const MEDIUM_WAIT = 30
/** A file is made empty before it is filled. */
const EMPTY_WAIT = 50
const MAX_BACKOFF = 2000

/** ms since 1970 from which on the file may be read. `attempts`: how often it changed while it was read. */
export function readyAt(size: number, mtime: number, now: number, attempts: number): number {
  const wait = Math.max(settleTime(size), attempts === 0 ? 0 : Math.min(MAX_BACKOFF, 20 * 2 ** attempts))
  const age = now - mtime
  // A time in the future says nothing of the last write.
  const settled = attempts === 0 ? (age < 0 || age >= wait ? now : mtime + wait) : now + wait
  return settled
}

function settleTime(size: number): number {
  if (size > LARGE) return LARGE_WAIT
  if (size >= MEDIUM) return MEDIUM_WAIT
  return size === 0 ? EMPTY_WAIT : 0
}
