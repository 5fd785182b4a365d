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
}

export interface ProcessStatus {
  readonly name: string
  readonly kind: 'launcher' | 'escalator' | 'referee' | 'service'
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
