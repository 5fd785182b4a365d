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

/** ms between looks when nothing happens, and at least between looks when much happens; as a share of what a look takes. */
const SLOW = 250
const FAST = 20
const SHARE = 8
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
      const began = performance.now()
      if (await isQuietNow(source, services)) return true
      // A look goes through all that was removed from the queues lately: much is going on where it takes long.
      await pause(Math.min(SLOW, Math.max(FAST, SHARE * (performance.now() - began))), signal)
      await wake.next(SLOW, signal)
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

/** Resolves early when something was published on the bus since the last look. */
function createWake(bus: Bus) {
  let happened = false
  let notify: (() => void) | undefined
  const unlisten = bus.listen(() => {
    happened = true
    notify?.()
  })
  return {
    async next(delay: number, signal: AbortSignal): Promise<void> {
      if (!happened) await pause(delay, signal, (end) => (notify = end))
      notify = undefined
      happened = false
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
