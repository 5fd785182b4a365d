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
  WriteOptions,
} from './database.ts'
export {
  ConditionFailedError,
  EscalatorClosedError,
  KeyNotFoundError,
  OutcomeUnknownError,
  RangeInterruptedError,
  RequestTimeoutError,
  SnapshotGoneError,
} from './errors.ts'
export { type Server, type ServerOptions, startServer } from './server/start-server.ts'
