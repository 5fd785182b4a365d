/**
 * Escalator: LevelDB over ZeroMQ, with a client in the manner of plyvel.
 *
 * @module @onitu/escalator
 */
export { type Client, type ConnectOptions, connect } from './client/connect.ts'
export type {
  BatchOptions,
  BatchScope,
  CallOptions,
  Condition,
  Database,
  Entry,
  GetOptions,
  Operation,
  Range,
  RangeOptions,
  ReadOptions,
  ScopeOptions,
  WriteOptions,
} from './database.ts'
export {
  ConditionFailedError,
  EscalatorClosedError,
  KeyNotFoundError,
  OutcomeUnknownError,
  RequestTimeoutError,
} from './errors.ts'
export { type Server, type ServerOptions, startServer } from './server/start-server.ts'
