import { OnituError } from '@onitu/protocol'
import type { ResponderCounters } from '../messaging/responder.ts'

export interface DatabaseStats {
  /** Since it was opened. */
  readonly requests: number
  /** What its files take on disk, in bytes. */
  readonly size: number
}

export interface ServerCounters extends ResponderCounters {
  /** Open ones. */
  readonly ranges: number
  /** Open ones. */
  readonly snapshots: number
  /** Requests that wait for changes. */
  readonly watches: number
  /** Connections that were refused because of their key. */
  readonly refused: number
}

/** What a server does and has done since its start. */
export interface ServerStats extends ServerCounters {
  /** ms */
  readonly uptime: number
  /** Resident memory of the server's process, in bytes. */
  readonly memory: number
  /** The open databases, by name. */
  readonly databases: Readonly<Record<string, DatabaseStats>>
}

/** What a client received. Later servers may tell more. @throws OnituError `PROTOCOL` */
export function checkStats(value: unknown): ServerStats {
  const { databases, uptime, memory, connections, requests } = Object(value) as Partial<Record<string, unknown>>
  const numbers = [uptime, memory, connections, requests]
  if (typeof databases === 'object' && databases !== null && numbers.every((number) => typeof number === 'number'))
    return value as ServerStats
  throw new OnituError('PROTOCOL', `Expected the statistics of a server, got ${typeof value}`)
}
