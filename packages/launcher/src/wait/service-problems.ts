import type { ServiceStatus } from '../status/status.ts'
import type { ProcessState } from '../supervisor/supervised-process.ts'

/** What keeps a service from its work. */
export interface ServiceProblem {
  readonly service: string
  /** Null when it is all of the service. */
  readonly folder: string | null
  readonly reason: string
}

/** What is known of a service. */
export interface KnownService {
  readonly name: string
  readonly state: ProcessState
  /** Why it is restarting or failed; else empty. */
  readonly reason: string
  readonly unavailable: ServiceStatus['unavailable']
  /** What it answered last when it was asked to look at what changed, or why its process ended before; undefined: nothing, or it has looked. */
  readonly told: string | undefined
}

/** Pure. Of a service that does not run, what it said of its folders before may be over; one that is stopped on purpose has no problem. */
export function serviceProblems({ name: service, state, reason, unavailable, told }: KnownService): ServiceProblem[] {
  if (state === 'stopped' || state === 'stopping') return []
  if (state !== 'running') {
    const why = reason || told
    return [{ service, folder: null, reason: `its process ${PROCESS[state]}${why === undefined ? '' : `: ${why}`}` }]
  }
  // What it answers is then what it has said of a folder, so that would be told twice.
  if (unavailable.length > 0 || told === undefined) {
    return unavailable.map(({ folder, reason: why }) => ({ service, folder, reason: why }))
  }
  return [{ service, folder: null, reason: told }]
}

const PROCESS = { starting: 'is starting', restarting: 'is about to be started again', failed: 'has failed' } as const
