/**
 * What the parts of Onitu say to each other: errors, codec, names, keys, records, addresses, events. No I/O.
 *
 * @module @onitu/protocol
 */
export * from './base.ts'
export { BlockHash } from './block-hash.ts'
export { ContentHash, contentHash, HASH_BLOCK_SIZE, UNREAD_HASH } from './content-hash.ts'
export { type Description, describeEvent } from './describe-event.ts'
export { DIRECT_IO_ALIGNMENT, DIRECT_IO_LEAST, refusesDirectIo } from './direct-io.ts'
export { toWireError, type WireError } from './errors.ts'
export {
  type EventFields,
  type EventOf,
  type EventType,
  type FileFields,
  type IgnoredBy,
  type IgnoredFor,
  ignoredEvent,
  isEventType,
  type NewEvent,
  type OnituEvent,
} from './events.ts'
export { fileId, isFileId } from './fid.ts'
export { type HistoryLimits, historyOptionSchema, parseHistoryOptions } from './history-option.ts'
export { keys, lastPart, sequence } from './keys.ts'
export { mimetypeOf } from './mimetype.ts'
export { msgpackProblem } from './msgpack-structure.ts'
export { CONTROL_DIRECTORY, checkPath, pathProblem } from './names.ts'
export { decode, encode } from './native-codec.ts'
export { parseDuration } from './parse-duration.ts'
export { parseSize } from './parse-size.ts'
export {
  type Conflict,
  conflictSchema,
  type Failure,
  type FileRecord,
  failureSchema,
  fileRecordSchema,
  type Head,
  type HeldDeletion,
  headSchema,
  heldDeletionSchema,
  type Kind,
  kindSchema,
  type Observation,
  type Order,
  observationSchema,
  orderSchema,
  parseRecord,
  type RefereeAnswer,
  type RefereeRequest,
  refereeAnswerSchema,
  refereeRequestSchema,
  type ServiceState,
  serviceStateSchema,
  type Transfer,
  transferSchema,
  type Writing,
} from './records.ts'
export { stagedBy, stagedName } from './staged-name.ts'
