import type { Database } from '@onitu/escalator'
import type { Setup } from '../setup/setup.ts'
import type { SupervisedProcess } from '../supervisor/supervised-process.ts'

/** The running session, for questions about the history of files. */
export interface HistorySource {
  readonly setup: Setup
  readonly services: ReadonlyMap<string, SupervisedProcess>
  readonly database: Database
  /** Asks the Plug of a service. */
  ask(service: string, body: unknown, timeout: number, signal: AbortSignal): Promise<unknown>
}
