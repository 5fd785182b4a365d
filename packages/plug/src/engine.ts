import type { Database } from '@onitu/escalator'
import type { NewEvent } from '@onitu/protocol'
import type { Capabilities, ServiceFolder } from './contract.ts'
import type { Spool } from './transfer/spool.ts'

/** Time comes in through this, so that a simulation can run the engine under its own clock. */
export interface Clock {
  /** ms since 1970, as the clock on the wall says: it may be set forward or back. */
  now(): number
  /** ms since some moment; it only goes forward. What is waited for is measured by this. */
  elapsed(): number
  /** Calls back once after `ms`; gives the function that cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Calls back once what is ready now has run: whatever that asks for can be done together. */
  soon(callback: () => void): void
}

/** What the engine of a Plug works with: a database, a clock, room for large contents and ways out. No sockets. */
export interface Engine {
  readonly service: string
  readonly db: Database
  readonly clock: Clock
  /** 0 <= x < 1. */
  readonly random: () => number
  readonly folders: ReadonlyMap<string, ServiceFolder>
  readonly capabilities: Capabilities
  /** Bytes of a chunk; a file up to this size is handled whole. */
  chunkSize: number
  /** Absent: what is large is read from the service again for whoever asks for it. */
  readonly spool?: Spool | undefined
  /** Aborted when the service closes. */
  readonly signal: AbortSignal
  emit(event: NewEvent): void
  /** Tells the Referee that there is something in the outbox. */
  wakeReferee(): void
  /** For what went wrong inside and belongs to no file. */
  warn(message: string, error?: unknown): void
  /** False while a folder cannot be reached. */
  isAvailable(folder: string): boolean
  /** Whether it is not known yet: its reports are taken, but no order is carried out. Absent: never. */
  isUndecided?(folder: string): boolean
}

export const realClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    // A timer alone is no reason to stay alive.
    const timer = setTimeout(callback, ms).unref()
    return () => clearTimeout(timer)
  },
  soon(callback) {
    setImmediate(callback)
  },
}
