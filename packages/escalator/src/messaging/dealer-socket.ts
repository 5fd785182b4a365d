import { Dealer as ZmqDealer } from 'zeromq'
import { Dealer } from '../zmtp/dealer.ts'
import { parseEndpoint } from '../zmtp/endpoint.ts'
import { type HandshakeFailure, watchConnections } from './connection-events.ts'
import { type CurveClientOptions, curveClientSocketOptions } from './curve-client.ts'
import { MAX_FRAME_SIZE } from './envelope.ts'
import { readMessages } from './read-messages.ts'
import { heartbeatOf, transportOptions } from './transport-options.ts'

export interface DealerSocketOptions {
  readonly address: string
  readonly identity: string | undefined
  readonly curve: CurveClientOptions | undefined
}

export interface DealerSocketHandlers {
  readonly connected: () => void
  readonly disconnected: () => void
  readonly failed: (failure: HandshakeFailure) => void
  readonly message: (frames: Buffer[]) => void
}

/** The socket of a requester: one connection, made again whenever it is lost. It keeps nothing that could not be sent. */
export interface DealerSocket {
  readonly writable: boolean
  /** Rejected with the code `EAGAIN` when there is no connection that takes it. */
  send(frames: readonly Uint8Array[]): Promise<void>
  /** After a handshake was refused, which is not tried again otherwise. */
  reconnect(): void
  /** May be called twice. */
  close(): Promise<void>
}

/**
 * Without security messages go over our own ZMTP, on the event loop: libzmq hands each of them to a thread of its own
 * and back, which takes more than twice as long where few are on their way. With CURVE it is libzmq, which has it.
 */
export function createDealerSocket(options: DealerSocketOptions, handlers: DealerSocketHandlers): DealerSocket {
  const endpoint = options.curve === undefined ? parseEndpoint(options.address) : undefined
  if (endpoint === undefined) return createZmqDealer(options, handlers)
  const dealer = new Dealer(
    {
      endpoint,
      identity: Buffer.from(options.identity ?? ''),
      maxFrame: MAX_FRAME_SIZE,
      ...heartbeatOf(options.address),
    },
    { ...handlers, failed: () => handlers.failed('security') },
  )
  return {
    get writable() {
      return dealer.writable
    },
    send: (frames) => dealer.send(frames),
    reconnect: () => dealer.reconnect(),
    async close() {
      dealer.close()
    },
  }
}

function createZmqDealer(
  { address, identity, curve }: DealerSocketOptions,
  handlers: DealerSocketHandlers,
): DealerSocket {
  // immediate and sendTimeout 0: the socket takes a message only for a connection that is up, so what could not be
  // sent stays with the caller, known to be unsent. No high water marks: callers that wait bound both directions.
  const socket = new ZmqDealer({
    immediate: true,
    sendTimeout: 0,
    sendHighWaterMark: 0,
    receiveHighWaterMark: 0,
    linger: 0,
    reconnectInterval: 20,
    reconnectMaxInterval: 500,
    maxMessageSize: MAX_FRAME_SIZE,
    ...transportOptions(address),
    ...(identity === undefined ? {} : { routingId: identity }),
    ...(curve === undefined ? {} : curveClientSocketOptions(curve)),
  })
  watchConnections(socket, handlers)
  socket.connect(address)
  const reading = readMessages(socket, handlers.message)
  return {
    get writable() {
      return socket.writable
    },
    send: (frames) => socket.send([...frames]),
    reconnect() {
      socket.disconnect(address)
      socket.connect(address)
    },
    async close() {
      socket.close()
      await reading
    },
  }
}
