import { type Client, connect } from '@onitu/escalator'
import {
  createEventPublisher,
  createPusher,
  createSubscriber,
  type EventPublisher,
  type Pusher,
  type Subscriber,
} from '@onitu/escalator/messaging'
import { ipcAddress, keys } from '@onitu/protocol'
import type { RunContext } from './run-context.ts'

/** The sockets of a service. */
export interface Connection {
  readonly db: Client
  readonly events: EventPublisher
  readonly wake: Pusher
  /** Wake-ups for this service: the channel, the service, the fids. `connected` is called after each reconnect. */
  subscribe(connected: () => void): Promise<Subscriber>
  close(): Promise<void>
}

export async function connectService({ service, escalator, runtime, bus }: RunContext): Promise<Connection> {
  const db = await connect({ address: escalator })
  const events = createEventPublisher({ address: bus, process: service })
  const address = await portOf(db, 'wake:referee', ipcAddress(runtime, 'referee-wake'))
  // The Referee looks at every outbox when it starts, so one wake-up that waits is enough.
  const wake = createPusher({ address, capacity: 1 })
  return {
    db,
    events,
    wake,
    async subscribe(connected) {
      const publication = await portOf(db, 'events:referee', ipcAddress(runtime, 'referee-events'))
      return createSubscriber({ address: publication, prefixes: [`${service}:`], connected })
    },
    async close() {
      await wake.close()
      await events.close()
      await db.close()
    },
  }
}

async function portOf(db: Client, name: string, fallback: string): Promise<string> {
  const address = await db.get(keys.port(name), { default: undefined })
  return typeof address === 'string' ? address : fallback
}
