import type { RunLimits } from './plan-run.ts'

/** Bytes: so that one compaction does not hold up too many. */
const WEIGHT = 8 * 1024 * 1024
const REQUESTS = 32
const FEW = 24
const FEW_REQUESTS = 8

/**
 * The answers of a run leave before the next one begins, so that a client works on them meanwhile: as one run, all that
 * it has in flight would make client and server wait for each other in turns. A third of what waits, but not much less
 * than 32: each run costs a message both ways. When there was nothing to do (`idle`) and few have come, half of them:
 * otherwise it waits again as soon as they are answered.
 */
export function runLimits(waiting: number, idle: boolean): RunLimits {
  if (idle && waiting <= FEW) return { weight: WEIGHT, requests: Math.max(FEW_REQUESTS, Math.ceil(waiting / 2)) }
  return { weight: WEIGHT, requests: Math.max(REQUESTS, Math.ceil(waiting / 3)) }
}

/** How many writes may be collected for the time when the present ones are committed, out of so many. */
export function aheadLimits(waiting: number): RunLimits {
  return { weight: WEIGHT, requests: Math.max(REQUESTS, Math.ceil(waiting / 2)) }
}
