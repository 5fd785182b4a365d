import { decode, isEventType, OnituError, type OnituEvent } from '@onitu/protocol'

/**
 * Reads a message of the bus. Only what every event has is checked (a known type, a time, being an object): it is
 * shown and counted, and nothing is decided by it.
 * @throws OnituError `PROTOCOL`
 */
export function decodeEvents(frame: Uint8Array): OnituEvent[] {
  const events = decode(frame)
  if (!Array.isArray(events)) throw new OnituError('PROTOCOL', `Expected a list of events, got ${typeof events}`)
  return events.map(checkEvent)
}

function checkEvent(value: unknown): OnituEvent {
  if (typeof value !== 'object' || value === null) {
    throw new OnituError('PROTOCOL', `Expected an event as an object, got ${typeof value}`)
  }
  const { type, time } = value as { readonly type?: unknown; readonly time?: unknown }
  if (!isEventType(type))
    throw new OnituError('PROTOCOL', `Expected a known type of event, got ${JSON.stringify(type)}`)
  if (typeof time !== 'number') throw new OnituError('PROTOCOL', `Expected the time of ${type} as a number`)
  return value as OnituEvent
}
