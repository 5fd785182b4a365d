import { encode, type NewEvent, type OnituEvent } from '@onitu/protocol'
import { afterMicrotasks } from './after-microtasks.ts'
import { createPusher } from './pusher.ts'

export interface EventPublisherOptions {
  /** The bus-in address of the session. */
  readonly address: string
  /** Who speaks, for the events that the publisher makes itself. */
  readonly process: string
}

/**
 * Publishes events on the session's bus: never blocks, never fails, and keeps a bounded number while the bus is gone. Those of one tick
 * go together, and so do those that follow within 50 ms.
 */
export interface EventPublisher {
  publish(event: NewEvent): void
  /** Sends what is left if the bus is there. May be called twice. */
  close(): Promise<void>
}

/** Most events kept while the bus is gone, and most of one message. */
const CAPACITY = 10_000
const EVENTS_PER_MESSAGE = 500
/**
 * ms between two messages. An event by itself goes at once; of a burst, what comes soon after goes together: each message wakes
 * the launcher and all who listen, and is a line or more of its output and its log.
 */
const PAUSE = 50
const WARN = 40

export function createEventPublisher({ address, process: name }: EventPublisherOptions): EventPublisher {
  const pending: OnituEvent[] = []
  let closed = false
  let scheduled = false
  let flushedAt = Number.NEGATIVE_INFINITY

  const add = (event: NewEvent) => {
    if (closed) return
    pending.push({ time: Date.now(), ...event })
    if (pending.length >= EVENTS_PER_MESSAGE) flush()
    if (scheduled) return
    scheduled = true
    const delay = flushedAt + PAUSE - performance.now()
    if (delay <= 0) afterMicrotasks(scheduledFlush)
    else setTimeout(scheduledFlush, delay).unref()
  }
  const scheduledFlush = () => {
    scheduled = false
    flush()
  }
  const flush = () => {
    if (pending.length === 0) return
    flushedAt = performance.now()
    pusher.push([encode(pending)], pending.length)
    pending.length = 0
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
