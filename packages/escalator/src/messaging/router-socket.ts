import { Router as ZmqRouter } from 'zeromq'
import { parseEndpoint } from '../zmtp/endpoint.ts'
import { Router } from '../zmtp/router.ts'
import type { Authenticator } from './authenticator.ts'
import { bindPatiently } from './bind-patiently.ts'
import { type HandshakeFailure, watchConnections } from './connection-events.ts'
import { MAX_FRAME_SIZE } from './envelope.ts'
import { readMessages } from './read-messages.ts'
import { heartbeatOf, transportOptions } from './transport-options.ts'

/** Messages kept for one peer that does not read them. Beyond it they are dropped and that peer runs into its deadlines. */
const PEER_QUEUE = 10_000
/** Answers that were given just before closing still reach a peer that reads. */
const CLOSING_LINGER = 500

export interface RouterSocketHandlers {
  readonly accepted: () => void
  readonly failed: (failure: HandshakeFailure) => void
  readonly disconnected: () => void
  /** The name of the sender first. While what this gives is pending nothing more is read. */
  readonly message: (frames: Buffer[]) => void | Promise<void>
}

/** The bound socket of a responder. */
export interface RouterSocket {
  /** As a requester wants it. */
  readonly address: string
  readonly closed: boolean
  /** The name of the receiver first. Rejected with the code `EHOSTUNREACH` when it is gone. */
  send(frames: readonly Uint8Array[]): Promise<void>
  /** Resolves when nothing is read any more, and the address is free or about to be. May be called twice. */
  close(): Promise<void>
}

/**
 * Without an authenticator it is our own ZMTP (see `createDealerSocket`), with one it is libzmq.
 * @param patience how long a former socket may take to free the address, in ms
 * @throws OnituError `BIND_FAILED`
 */
export async function bindRouterSocket(
  address: string,
  authenticator: Authenticator | undefined,
  patience: number,
  handlers: RouterSocketHandlers,
): Promise<RouterSocket> {
  const endpoint = authenticator === undefined ? parseEndpoint(address) : undefined
  if (endpoint === undefined) return bindZmqRouter(address, authenticator, patience, handlers)
  const router = new Router(
    { maxFrame: MAX_FRAME_SIZE, ...heartbeatOf(address) },
    { ...handlers, failed: () => handlers.failed('security') },
  )
  await bindPatiently(address, patience, () => router.bind(endpoint))
  return {
    address: router.address,
    get closed() {
      return router.closed
    },
    send: (frames) => router.send(frames),
    close: () => router.close(CLOSING_LINGER),
  }
}

async function bindZmqRouter(
  address: string,
  authenticator: Authenticator | undefined,
  patience: number,
  handlers: RouterSocketHandlers,
): Promise<RouterSocket> {
  const socket = new ZmqRouter({
    // A peer that is gone is an error here instead of silence.
    mandatory: true,
    // Among strangers nobody takes over the name, and so the answers, of somebody else.
    handover: authenticator === undefined,
    // One that does not read never holds up the others.
    sendTimeout: 0,
    sendHighWaterMark: PEER_QUEUE,
    linger: CLOSING_LINGER,
    maxMessageSize: MAX_FRAME_SIZE,
    ...transportOptions(address),
    ...authenticator?.socketOptions,
  })
  watchConnections(socket, handlers)
  try {
    await bindPatiently(address, patience, () => socket.bind(address))
  } catch (error) {
    socket.close()
    throw error
  }
  const reading = readMessages(socket, handlers.message)
  return {
    address: socket.lastEndpoint ?? address,
    get closed() {
      return socket.closed
    },
    send: (frames) => socket.send([...frames]),
    async close() {
      socket.close()
      await reading
    },
  }
}
