import type { CallOptions, Database } from '@onitu/escalator'
import { isOnituError, OnituError } from '@onitu/protocol'
import type { Bus } from '../bus/bus.ts'
import type { HeldDeletions } from '../held/held-deletions.ts'
import { readHeld } from '../held/read-held.ts'
import { readUnavailable } from '../status/read-service.ts'
import type { SupervisedProcess } from '../supervisor/supervised-process.ts'
import { pause } from './pause.ts'
import { findPending, isQuiet, type PendingService } from './pending.ts'
import { type ServiceProblem, serviceProblems } from './service-problems.ts'
import { createWake } from './wake.ts'

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
  /** What keeps services from their work, as they told it themselves; also when there is nothing that would have to be done. */
  readonly problems: readonly ServiceProblem[]
  /** After a timeout: what is not done. Null when the database does not answer. */
  readonly pending: readonly PendingService[] | null
  /** Deletions that are not carried out until somebody approves them. They are not pending: nothing happens by itself. */
  readonly held: readonly HeldDeletions[]
}

/** ms. Where a server or a password is wrong, each time may be an attempt that the server counts. */
const FIRST_RETRY = 50
const LAST_RETRY = 1_000
const DATABASE_TIMEOUT = 10_000

/**
 * The barrier: first every service finishes looking at what had changed before the call, then everything is decided and
 * carried out. `signal` is the deadline.
 */
export async function waitUntilQuiet(source: WaitSource, signal: AbortSignal): Promise<WaitResult> {
  const catchingUp = new Set(source.services.keys())
  const told = new Map<string, string>()
  await Promise.all(
    [...source.services].map(async ([name, process]) => {
      if (!(await catchUp(source, process, signal, (problem) => told.set(name, problem)))) return
      catchingUp.delete(name)
      told.delete(name)
    }),
  )
  const done = catchingUp.size === 0 && (await untilQuiet(source, signal))
  const held =
    (await unlessDown(source, (database, services, options) => readHeld(database, services.keys(), options))) ?? []
  const problems = await findProblems(source, told)
  if (done) return { done, catchingUp: [], problems, pending: [], held }
  return { done, catchingUp: [...catchingUp], problems, pending: await unlessDown(source, findPending), held }
}

/**
 * False when the deadline came first. A service that is not meant to run, or cannot, has nothing to catch up with. `tell` hears what keeps it
 * from that.
 */
async function catchUp(
  source: WaitSource,
  process: SupervisedProcess,
  signal: AbortSignal,
  tell: (problem: string) => void,
): Promise<boolean> {
  let delay = FIRST_RETRY
  while (!signal.aborted) {
    if (process.resting || process.state === 'failed' || process.state === 'stopped') return true
    if (process.state !== 'running') {
      if (process.reason !== '') tell(process.reason)
      await process.changed(signal)
      continue
    }
    try {
      await source.catchUp(process.name, signal)
      return true
    } catch (error) {
      if (signal.aborted) return false
      // It died meanwhile, and its next start looks at everything anew; or it cannot look now. Either way it is asked again.
      if (!isOnituError(error)) throw error
      if (!error.retryable) throw cannotLook(process.name, error)
      tell(error.message)
      await pause(delay, signal)
      delay = Math.min(delay * 2, LAST_RETRY)
    }
  }
  return false
}

function cannotLook(service: string, cause: OnituError): OnituError {
  const { code, message, details } = cause
  return new OnituError(code, `The service ${service} cannot look at what has changed: ${message}`, { cause, details })
}

/** What is not known because the database does not answer is left out. */
async function findProblems(source: WaitSource, told: ReadonlyMap<string, string>): Promise<ServiceProblem[]> {
  const services = [...source.services.values()]
  const folders = await unlessDown(source, (database, _, options) =>
    Promise.all(services.map(({ name }) => readUnavailable(database, name, options))),
  )
  return services.flatMap(({ name, state, reason }, index) =>
    serviceProblems({ name, state, reason, unavailable: folders?.[index] ?? [], told: told.get(name) }),
  )
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
