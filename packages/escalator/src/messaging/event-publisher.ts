import { encode, type NewEvent, type OnituEvent } from '@onitu/protocol'
import { afterMicrotasks } from './after-microtasks.ts'
import { createPusher } from './pusher.ts'

export interface EventPublisherOptions {
  /** The bus-in address of the session. */
  readonly address: string
  /** Who speaks, for the events that the publisher makes itself. */
  readonly process: string
}

/** Publishes events on the session's bus: never blocks, never fails, and keeps a bounded number while the bus is gone. */
export interface EventPublisher {
  publish(event: NewEvent): void
  /** Sends what is left if the bus is there. May be called twice. */
  close(): Promise<void>
}

/** Most events kept while the bus is gone, and most of one message. */
const CAPACITY = 10_000
const EVENTS_PER_MESSAGE = 500
const WARN = 40

export function createEventPublisher({ address, process: name }: EventPublisherOptions): EventPublisher {
  const pending: OnituEvent[] = []
  let closed = false
  let scheduled = false

  const add = (event: NewEvent) => {
    if (closed) return
    pending.push({ ...event, time: Date.now() })
    if (scheduled) return
    scheduled = true
    afterMicrotasks(flush)
  }
  const flush = () => {
    scheduled = false
    while (pending.length > 0) {
      const events = pending.splice(0, EVENTS_PER_MESSAGE)
      pusher.push([encode(events)], events.length)
    }
  }
  const pusher = createPusher({
    address,
    capacity: CAPACITY,
    onDrop: (count) =>
      add({
        type: 'log',
        process: name,
        level: WARN,
        message: `${count} events were dropped: the bus did not take them`,
      }),
  })

  return {
    publish: add,
    async close() {
      if (closed) return
      closed = true
      flush()
      await pusher.close()
    },
  }
}
