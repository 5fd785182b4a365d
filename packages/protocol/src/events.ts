/**
 * The typed events of a session's bus. `message` of `describeEvent` keeps the texts of the original Onitu.
 * A file event names its folder and path; `service` is the one it happened on, `source` the one that content came from.
 */
interface FileFields {
  readonly service: string
  readonly folder: string
  readonly path: string
}

/** Null: of all services, in all folders. */
interface HeldFields {
  readonly service: string | null
  readonly folder: string | null
  readonly files: number
  readonly directories: number
}

type IgnoredBy = 'folder' | 'service' | 'source'
type IgnoredFor =
  | { readonly reason: 'mode'; readonly mode: string }
  | { readonly reason: 'size'; readonly size: number }
  | { readonly reason: 'mimetype'; readonly mimetype: string }
  | { readonly reason: 'blacklisted' }
  | { readonly reason: 'not_whitelisted' }

/** Fields of each event, by type. */
export interface EventFields {
  session_started: { readonly session: string }
  session_stopping: { readonly session: string }
  process_state: {
    readonly process: string
    readonly state: string
    readonly pid: number | null
    readonly reason: string
  }
  escalator_started: Record<never, never>
  referee_started: Record<never, never>
  plug_started: { readonly service: string }
  driver_started: { readonly service: string }
  driver_stopped: { readonly service: string }

  file_updated: FileFields
  file_deleted: FileFields
  file_moved: {
    readonly service: string
    readonly folder: string
    readonly src: string
    readonly dest: string
    readonly toFolder: string
  }
  event_folder_ignored_mode: FileFields & { readonly mode: string }
  event_folder_ignored_size: FileFields & { readonly size: number }
  event_folder_ignored_mimetype: FileFields & { readonly mimetype: string }
  event_folder_ignored_blacklisted: FileFields
  event_folder_ignored_not_whitelisted: FileFields
  event_service_ignored_mode: FileFields & { readonly mode: string }
  event_service_ignored_size: FileFields & { readonly size: number }
  event_service_ignored_mimetype: FileFields & { readonly mimetype: string }
  event_service_ignored_blacklisted: FileFields
  event_service_ignored_not_whitelisted: FileFields
  event_source_ignored_mode: FileFields & { readonly mode: string }
  event_source_ignored_size: FileFields & { readonly size: number }
  event_source_ignored_mimetype: FileFields & { readonly mimetype: string }
  event_source_ignored_blacklisted: FileFields
  event_source_ignored_not_whitelisted: FileFields
  /** Deletions of a service beyond the limit of the folder wait for `onitu approve` or `onitu reject`. `files`: all that wait. */
  deletions_held: { readonly service: string; readonly folder: string; readonly files: number }
  deletions_approved: HeldFields
  deletions_rejected: HeldFields
  conflict: FileFields & { readonly copyPath: string; readonly winner: string; readonly loser: string }
  /** `keep`: the service whose content stays; null when all contents do. */
  conflict_resolved: {
    readonly folder: string
    readonly path: string
    readonly copyPaths: readonly string[]
    readonly keep: string | null
  }

  source_selected: FileFields & { readonly source: string }
  transfer_started: FileFields & { readonly source: string }
  transfer_restarted: FileFields & { readonly source: string; readonly offset: number }
  transfer_ended: FileFields & { readonly source: string; readonly size: number }
  transfer_aborted: FileFields & { readonly reason: string }
  deletion_completed: FileFields
  move_completed: {
    readonly service: string
    readonly folder: string
    readonly src: string
    readonly dest: string
    readonly toFolder: string
  }
  directory_created: FileFields
  directory_deleted: FileFields
  /** An order that could not be carried out; it is tried again after `retryIn` ms. */
  order_failed: FileFields & {
    readonly code: string
    readonly reason: string
    readonly attempts: number
    readonly retryIn: number
  }
  /** A file that a driver leaves alone or cannot read (a symbolic link, no permission); the rest goes on. */
  file_problem: FileFields & { readonly code: string; readonly reason: string }
  service_unavailable: { readonly service: string; readonly folder: string; readonly reason: string }
  service_available: { readonly service: string; readonly folder: string }
  /** Counters of a service since its start, at most a few times a second while it works. */
  progress: {
    readonly service: string
    readonly files: number
    readonly bytes: number
    readonly active: number
    readonly waiting: number
  }
  /** A line of a component's log. `level` as pino's: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  log: { readonly process: string; readonly level: number; readonly message: string; readonly detail?: string }
}

export type EventType = keyof EventFields

// Kept whole by the compiler: a type that is missing here, or unknown above, is an error.
const EVENT_TYPES: Readonly<Record<EventType, true>> = {
  session_started: true,
  session_stopping: true,
  process_state: true,
  escalator_started: true,
  referee_started: true,
  plug_started: true,
  driver_started: true,
  driver_stopped: true,
  file_updated: true,
  file_deleted: true,
  file_moved: true,
  event_folder_ignored_mode: true,
  event_folder_ignored_size: true,
  event_folder_ignored_mimetype: true,
  event_folder_ignored_blacklisted: true,
  event_folder_ignored_not_whitelisted: true,
  event_service_ignored_mode: true,
  event_service_ignored_size: true,
  event_service_ignored_mimetype: true,
  event_service_ignored_blacklisted: true,
  event_service_ignored_not_whitelisted: true,
  event_source_ignored_mode: true,
  event_source_ignored_size: true,
  event_source_ignored_mimetype: true,
  event_source_ignored_blacklisted: true,
  event_source_ignored_not_whitelisted: true,
  deletions_held: true,
  deletions_approved: true,
  deletions_rejected: true,
  conflict: true,
  conflict_resolved: true,
  source_selected: true,
  transfer_started: true,
  transfer_restarted: true,
  transfer_ended: true,
  transfer_aborted: true,
  deletion_completed: true,
  move_completed: true,
  directory_created: true,
  directory_deleted: true,
  order_failed: true,
  file_problem: true,
  service_unavailable: true,
  service_available: true,
  progress: true,
  log: true,
}

export function isEventType(value: unknown): value is EventType {
  return typeof value === 'string' && Object.hasOwn(EVENT_TYPES, value)
}

/** An event: its type, its fields and the time it was made (ms since 1970). */
export type OnituEvent = { [T in EventType]: { readonly type: T; readonly time: number } & EventFields[T] }[EventType]
export type EventOf<T extends EventType> = Extract<OnituEvent, { type: T }>

/** An event without its time: what a component hands to its publisher. */
export type NewEvent = { [T in EventType]: { readonly type: T } & EventFields[T] }[EventType]

/** The event for something that folder options or a mode keep out. */
export function ignoredEvent(by: IgnoredBy, why: IgnoredFor, file: FileFields): NewEvent {
  const { reason, ...value } = why
  // The union of 15 event types follows from the two unions above; TypeScript cannot follow a template that far.
  return { type: `event_${by}_ignored_${reason}`, ...file, ...value } as NewEvent
}

export type { FileFields, IgnoredBy, IgnoredFor }
