/**
 * Escalator: LevelDB over ZeroMQ, with a client in the manner of plyvel.
 *
 * @module @onitu/escalator
 */
export { type Client, type ConnectOptions, connect } from './client/connect.ts'
export type {
  BatchOptions,
  BatchScope,
  Bounds,
  CallOptions,
  ClearOptions,
  Condition,
  Database,
  DatabaseIterator,
  DatabaseReader,
  Entry,
  GetOptions,
  Key,
  Operation,
  Range,
  RangeOptions,
  RawKeys,
  ReadOptions,
  ScopeOptions,
  Snapshot,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './database.ts'
export {
  AccessDeniedError,
  ConditionFailedError,
  EscalatorClosedError,
  KeyNotFoundError,
  OutcomeUnknownError,
  RangeInterruptedError,
  RequestTimeoutError,
  SnapshotGoneError,
} from './errors.ts'
export type { Candidate } from './messaging/authenticator.ts'
export type { CurveClientOptions } from './messaging/curve-client.ts'
export { generateKeyPair, type KeyPair, publicKeyOf } from './messaging/curve-keys.ts'
export type { ServerLimits } from './server/limits.ts'
export type { CurveServerOptions } from './server/listeners.ts'
export { type Server, type ServerOptions, startServer } from './server/start-server.ts'
export type { DatabaseStats, ServerCounters, ServerStats } from './wire/stats.ts'
