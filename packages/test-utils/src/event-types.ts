import type { EventType } from '@onitu/protocol'

const TYPES = {
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
  conflict: true,
  conflict_resolved: true,
  deletions_held: true,
  deletions_approved: true,
  deletions_rejected: true,
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
} as const satisfies Readonly<Record<EventType, true>>

/** The whole vocabulary. The type above makes a new event of the protocol an error here until it is added. */
export const eventTypes = Object.keys(TYPES) as readonly EventType[]

/** `transfer_ended` -> `TransferEnded` */
type Capitalized<T extends string> = T extends `${infer Head}_${infer Rest}`
  ? `${Capitalize<Head>}${Capitalized<Rest>}`
  : Capitalize<T>

/** `transfer_ended` -> `onTransferEnded` */
export type EventMethodName<T extends EventType> = `on${Capitalized<T>}`

export function eventMethodName<T extends EventType>(type: T): EventMethodName<T> {
  const words = type.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `on${words.join('')}` as EventMethodName<T>
}
