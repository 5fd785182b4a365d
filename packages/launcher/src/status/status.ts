import type { HeldDeletions } from '../held/held-deletions.ts'
import type { ProcessState } from '../supervisor/supervised-process.ts'

/** What `onitu status --json` prints. Fields are only ever added. Times are ms since 1970, sizes bytes. */
export interface Status {
  readonly session: string
  /** The setup file, absolute. */
  readonly setup: string
  readonly processes: readonly ProcessStatus[]
  readonly services: readonly ServiceStatus[]
  /** Null when the database does not answer. */
  readonly conflicts: readonly ConflictStatus[] | null
  /** Deletions that wait for `onitu approve` or `onitu reject`. Null when the database does not answer. */
  readonly held: readonly HeldDeletions[] | null
  /** Absent when the setup has no `majordomo`. */
  readonly majordomo?: RemotesStatus
}

/** Services on other machines. */
export interface RemotesStatus {
  /** Since Majordomo was started; null when it does not answer. */
  readonly refused: number | null
  readonly dropped: number | null
  readonly clients: readonly RemoteStatus[]
}

export interface RemoteStatus {
  readonly service: string
  /** The driver that its client hosts. */
  readonly driver: string
  /** `revoked`, `refused` (the setup of the hub does not allow it any more): no service of it runs. `unknown`: Majordomo does not answer. */
  readonly state: 'connected' | 'away' | 'revoked' | 'refused' | 'unknown'
  /** When it came into its state, ms since 1970; null when that is not known. */
  readonly since: number | null
  /** Why it is refused; else empty. */
  readonly reason: string
}

export interface ProcessStatus {
  readonly name: string
  readonly kind: 'launcher' | 'escalator' | 'referee' | 'majordomo' | 'service'
  readonly state: ProcessState
  /** Why it is restarting or failed; else empty. */
  readonly reason: string
  readonly pid: number | null
  readonly restarts: number
  /** Resident set. Null when it does not run. */
  readonly memory: number | null
  /** When it came into its state. */
  readonly since: number
}

export interface ServiceStatus {
  readonly name: string
  readonly driver: string
  readonly state: ProcessState
  readonly folders: readonly string[]
  /** Null when the database does not answer. */
  readonly counts: ServiceCounts | null
  readonly failed: readonly FailedFile[]
  readonly unavailable: readonly { readonly folder: string; readonly reason: string }[]
}

export interface ServiceCounts {
  /** Files that the service holds. */
  readonly files: number
  readonly directories: number
  /** Of files and directories: those that nothing is pending for. */
  readonly upToDate: number
  /** Orders that the service has not carried out yet. */
  readonly pending: number
  /** Changes seen on the service that are not decided yet. */
  readonly reported: number
}

export interface FailedFile {
  readonly folder: string
  readonly path: string
  readonly code: string
  readonly message: string
  readonly attempts: number
  readonly since: number
}

export interface ConflictStatus {
  readonly folder: string
  readonly path: string
  readonly copyPath: string
  /** The service whose content kept the path, and the one whose content is in the copy. */
  readonly winner: string
  readonly loser: string
}
