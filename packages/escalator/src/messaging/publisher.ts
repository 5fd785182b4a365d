import { OnituError } from '@onitu/protocol'
import { Publisher as PublisherSocket } from 'zeromq'
import { MAX_FRAME_SIZE } from './envelope.ts'

export interface PublisherOptions {
  /** Where to bind. Default: an ipc address of its own in the system's temporary directory. */
  readonly address?: string
}

/** Sends to every subscriber whose prefix matches the first frame. A subscriber that does not keep up loses messages. */
export interface Publisher {
  readonly address: string
  publish(frames: readonly (string | Uint8Array)[]): void
  /** May be called twice. */
  close(): Promise<void>
}

/** Messages kept for one slow subscriber. */
const SUBSCRIBER_QUEUE = 10_000
const CLOSING_LINGER = 500

export async function createPublisher({ address = 'ipc://*' }: PublisherOptions = {}): Promise<Publisher> {
  const socket = new PublisherSocket({
    sendTimeout: 0,
    sendHighWaterMark: SUBSCRIBER_QUEUE,
    linger: CLOSING_LINGER,
    maxMessageSize: MAX_FRAME_SIZE,
  })
  try {
    await socket.bind(address)
  } catch (cause) {
    socket.close()
    throw new OnituError('BIND_FAILED', `Cannot publish on ${address}: ${String(cause)}`, { cause })
  }
  const bound = socket.lastEndpoint ?? address
  return {
    address: bound,
    publish(frames) {
      if (socket.closed) throw new OnituError('CLOSED', `The publisher on ${bound} is closed`)
      // A publisher never blocks, and with sendTimeout 0 the send is over when the call returns.
      socket.send([...frames]).catch((error: unknown) => {
        process.emitWarning(`Could not publish on ${bound}: ${String(error)}`, 'OnituWarning')
      })
    },
    async close() {
      socket.close()
    },
  }
}
