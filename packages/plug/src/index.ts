/**
 * The driver SDK of Onitu.
 *
 * @module @onitu/plug
 */
export {
  CONTROL_DIRECTORY,
  ContentHash,
  checkPath,
  contentHash,
  fileId,
  HASH_BLOCK_SIZE,
  type HistoryLimits,
  type Kind,
  mimetypeOf,
  OnituError,
  pathProblem,
  stagedBy,
  systemCode,
} from '@onitu/protocol'
export type { PlugBackend, PlugHost } from './backend.ts'
export type {
  Capabilities,
  Change,
  ChunkContext,
  CopyContext,
  DriverPlug,
  HandlerContext,
  Handlers,
  HistoryEntry,
  KeptContent,
  KnownFile,
  Manifest,
  Metadata,
  OfferedFile,
  OptionDeclaration,
  OptionValue,
  ReadContext,
  Seen,
  ServiceFolder,
  Stored,
  UploadContext,
  UploadState,
  WriteContext,
} from './contract.ts'
export { type Driver, type DriverDefinition, defineDriver, isDriver } from './define-driver.ts'
export { ChangedError, ConflictError, DriverError, ServiceError } from './errors.ts'
export { Plug } from './plug.ts'
export type { HostedContext, RunContext, RunningDriver } from './run-context.ts'
