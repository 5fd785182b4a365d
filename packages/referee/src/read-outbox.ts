import type { Database } from '@onitu/escalator'
import { isOnituError, keys, type NewEvent, type Observation, observationSchema, parseRecord } from '@onitu/protocol'

export interface OutboxPage {
  readonly keys: readonly string[]
  readonly observations: readonly Observation[]
  /** About entries that are no observations. They are removed with the others, else they would block the outbox for ever. */
  readonly events: readonly NewEvent[]
}

/** The first observations of a service's outbox, or the first after a key, oldest first. */
export async function readOutbox(db: Database, service: string, limit: number, after?: string): Promise<OutboxPage> {
  const start = after === undefined ? {} : { start: after, includeStart: false }
  const entries = await db.range({ prefix: keys.outboxPrefix(service), ...start, limit }).all()
  const observations: Observation[] = []
  const events: NewEvent[] = []
  for (const [key, value] of entries) {
    try {
      observations.push(parseRecord(observationSchema, value, key))
    } catch (error) {
      if (!isOnituError(error)) throw error
      events.push({
        type: 'log',
        process: 'referee',
        level: 50,
        message: `${error.message}; it is dropped`,
        detail: JSON.stringify(value),
      })
    }
  }
  return { keys: entries.map(([key]) => key), observations, events }
}
