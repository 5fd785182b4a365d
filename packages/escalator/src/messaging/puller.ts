import { OnituError } from '@onitu/protocol'
import { Pull } from 'zeromq'
import { MAX_FRAME_SIZE } from './envelope.ts'
import { iterateMessages, type MessageSource } from './iterate-messages.ts'

export interface PullerOptions {
  /** Where to bind. Default: an ipc address of its own in the system's temporary directory. */
  readonly address?: string
}

/** What pushers send, each message as its frames. One loop at a time; it ends when the puller is closed. */
export interface Puller extends MessageSource {
  readonly address: string
}

const QUEUE = 10_000

export async function createPuller({ address = 'ipc://*' }: PullerOptions = {}): Promise<Puller> {
  const socket = new Pull({ receiveHighWaterMark: QUEUE, linger: 0, maxMessageSize: MAX_FRAME_SIZE })
  try {
    await socket.bind(address)
  } catch (cause) {
    socket.close()
    throw new OnituError('BIND_FAILED', `Cannot listen on ${address}: ${String(cause)}`, { cause })
  }
  return { address: socket.lastEndpoint ?? address, ...iterateMessages(socket) }
}
