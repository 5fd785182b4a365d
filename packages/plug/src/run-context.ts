import * as v from 'valibot'
import type { PlugHost } from './backend.ts'

/** What a service process gets told, as plain data: the driver may use another copy of this package. */
export const runContextSchema = v.object({
  session: v.string(),
  service: v.string(),
  /** Address of the Escalator. */
  escalator: v.string(),
  /** Directory of the session's sockets. */
  runtime: v.string(),
  /** Where events go. */
  bus: v.string(),
  /** Number of the `plug-N` socket. */
  index: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** A directory of this service for what may be lost: emptied when it starts. Absent: nothing is put aside. */
  scratch: v.optional(v.string()),
  debug: v.optional(v.boolean(), false),
})
export type RunContext = v.InferOutput<typeof runContextSchema>

/** For a driver that does not run in the process of a service: who hosts it stands between it and the hub. */
export interface HostedContext {
  readonly host: PlugHost
}

/** A driver that serves. */
export interface RunningDriver {
  /** Ends gently: finishes what is small, then closes the driver. May be called twice. */
  close(): Promise<void>
  /** Fulfilled after `close`; rejected when the driver fails by itself. */
  readonly finished: Promise<void>
}
