import type { CallOptions, Database } from '@onitu/escalator'
import { isOnituError } from '@onitu/protocol'
import type { Bus } from '../bus/bus.ts'
import type { HeldDeletions } from '../held/held-deletions.ts'
import { readHeld } from '../held/read-held.ts'
import type { SupervisedProcess } from '../supervisor/supervised-process.ts'
import { findPending, isQuiet, type PendingService } from './pending.ts'

export interface WaitSource {
  readonly referee: SupervisedProcess
  readonly services: ReadonlyMap<string, SupervisedProcess>
  readonly bus: Bus
  /** Undefined while the session comes up. */
  database(): Database | undefined
  /** Resolves when the service has reported everything that had changed before the call. */
  catchUp(service: string, signal: AbortSignal): Promise<void>
}

/** What `onitu wait` found. */
export interface WaitResult {
  readonly done: boolean
  /** Not empty only after a timeout: services that are still looking at what changed. */
  readonly catchingUp: readonly string[]
  /** After a timeout: what is not done. Null when the database does not answer. */
  readonly pending: readonly PendingService[] | null
  /** Deletions that are not carried out until somebody approves them. They are not pending: nothing happens by itself. */
  readonly held: readonly HeldDeletions[]
}

/** ms between looks at most; and without any event before a look that comes sooner: while much happens, looking would only take time from it. */
const SLOW = 250
const CALM = 20
const RETRY = 50
const DATABASE_TIMEOUT = 10_000

/**
 * The barrier: first every service finishes looking at what had changed before the call, then everything is decided and
 * carried out. `signal` is the deadline.
 */
export async function waitUntilQuiet(source: WaitSource, signal: AbortSignal): Promise<WaitResult> {
  const catchingUp = new Set(source.services.keys())
  await Promise.all(
    [...source.services].map(async ([name, process]) => {
      if (await catchUp(source, name, process, signal)) catchingUp.delete(name)
    }),
  )
  const done = catchingUp.size === 0 && (await untilQuiet(source, signal))
  const held =
    (await unlessDown(source, (database, services, options) => readHeld(database, services.keys(), options))) ?? []
  if (done) return { done, catchingUp: [], pending: [], held }
  return { done, catchingUp: [...catchingUp], pending: await unlessDown(source, findPending), held }
}

/** False when the deadline came first. A service that is not meant to run, or cannot, has nothing to catch up with. */
async function catchUp(
  source: WaitSource,
  name: string,
  process: SupervisedProcess,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    if (process.resting || process.state === 'failed' || process.state === 'stopped') return true
    if (process.state !== 'running') {
      await process.changed(signal)
      continue
    }
    try {
      await source.catchUp(name, signal)
      return true
    } catch (error) {
      if (signal.aborted) return false
      // It died meanwhile; its next start looks at everything anew, and is asked again.
      if (!isOnituError(error) || !error.retryable) throw error
      await pause(RETRY, signal)
    }
  }
  return false
}

async function untilQuiet(source: WaitSource, signal: AbortSignal): Promise<boolean> {
  const services = [...source.services.keys()]
  const wake = createWake(source.bus)
  try {
    while (!signal.aborted) {
      if (await isQuietNow(source, services)) return true
      await wake.next(signal)
    }
    return false
  } finally {
    wake.close()
  }
}

/** With the Referee down nothing is known to be quiet: it judges everything anew when it starts under a changed setup. */
async function isQuietNow(source: WaitSource, services: readonly string[]): Promise<boolean> {
  const { referee } = source
  const database = source.database()
  if (referee.state !== 'running' || database === undefined) return false
  try {
    return await isQuiet(database, services, { timeout: DATABASE_TIMEOUT })
  } catch (error) {
    if (isOnituError(error) && error.retryable) return false
    throw error
  }
}

/** Null when the database does not answer. */
async function unlessDown<T>(
  source: WaitSource,
  read: (database: Database, services: WaitSource['services'], options: CallOptions) => Promise<T>,
): Promise<T | null> {
  const database = source.database()
  if (database === undefined) return null
  try {
    return await read(database, source.services, { timeout: DATABASE_TIMEOUT })
  } catch (error) {
    if (isOnituError(error) && error.retryable) return null
    throw error
  }
}

/** Resolves after SLOW ms, or sooner when something was published on the bus since the last look, and nothing for a moment after that. */
function createWake(bus: Bus) {
  let lastEvent: number | undefined
  let notify: (() => void) | undefined
  const unlisten = bus.listen(() => {
    lastEvent = performance.now()
    notify?.()
  })
  return {
    async next(signal: AbortSignal): Promise<void> {
      const latest = performance.now() + SLOW
      while (!signal.aborted) {
        const due = Math.min(latest, lastEvent === undefined ? latest : lastEvent + CALM)
        const delay = due - performance.now()
        if (delay <= 0) break
        await pause(delay, signal, (end) => (notify = lastEvent === undefined ? end : undefined))
      }
      notify = undefined
      lastEvent = undefined
    },
    close: unlisten,
  }
}

/** Ends early, without an error, when the signal is aborted, or by the function that `early` gets. */
export function pause(delay: number, signal: AbortSignal, early?: (end: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delay)
    signal.addEventListener('abort', done)
    early?.(done)
    if (signal.aborted) done()
  })
}
