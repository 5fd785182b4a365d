import { Subscriber as SubscriberSocket } from 'zeromq'
import { watchConnections } from './connection-events.ts'
import { MAX_FRAME_SIZE } from './envelope.ts'
import { iterateMessages } from './iterate-messages.ts'

export interface SubscriberOptions {
  readonly address: string
  /** What the first frame must begin with; one of them is enough. Default: everything. */
  readonly prefixes?: readonly (string | Uint8Array)[]
  /** Called on each connection, the first and those after the publisher was gone: messages may have been missed before it. */
  readonly connected?: () => void
}

/** Messages that match, each as its frames. One loop at a time; it ends when the subscriber is closed. */
export interface Subscriber extends AsyncIterable<Uint8Array[]> {
  /** May be called twice. */
  close(): Promise<void>
}

const QUEUE = 10_000

export function createSubscriber({ address, prefixes = [''], connected }: SubscriberOptions): Subscriber {
  const socket = new SubscriberSocket({
    receiveHighWaterMark: QUEUE,
    linger: 0,
    reconnectInterval: 20,
    reconnectMaxInterval: 500,
    maxMessageSize: MAX_FRAME_SIZE,
  })
  if (connected !== undefined) watchConnections(socket, { connected })
  socket.subscribe(...prefixes.map((prefix) => (typeof prefix === 'string' ? prefix : Buffer.from(prefix))))
  socket.connect(address)
  return iterateMessages(socket)
}
