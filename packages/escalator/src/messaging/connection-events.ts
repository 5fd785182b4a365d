import type { Event, Socket } from 'zeromq'
import type { HandshakeFailure } from '../zmtp/mechanism.ts'

export interface ConnectionHandlers {
  /** A peer has reached this bound socket; nothing is agreed yet. */
  readonly accepted?: () => void
  /** A peer is connected and both sides have agreed on the protocol, and on the keys. */
  readonly connected?: () => void
  /** A connection was lost, or did not come about. */
  readonly disconnected?: () => void
  /** Before `disconnected`, when the connection did not come about. */
  readonly failed?: (failure: HandshakeFailure) => void
}

/** Reports the connections of a socket until it is closed. Call it before bind or connect, so that none is missed. */
export function watchConnections(socket: Socket, handlers: ConnectionHandlers): void {
  void readEvents(socket, handlers)
}

const FAILURES: Readonly<Partial<Record<Event['type'], HandshakeFailure>>> = {
  'handshake:error:auth': 'denied',
  'handshake:error:protocol': 'security',
  'handshake:error:other': 'lost',
}

async function readEvents(socket: Socket, handlers: ConnectionHandlers): Promise<void> {
  const { events } = socket
  while (!events.closed) {
    // Closing the socket ends a pending receive with undefined, whatever the types say.
    const event: Pick<Event, 'type'> | undefined = await events.receive()
    if (event === undefined || event.type === 'end') return
    const failure = FAILURES[event.type]
    if (event.type === 'accept') handlers.accepted?.()
    if (failure !== undefined) handlers.failed?.(failure)
    if (event.type === 'handshake') handlers.connected?.()
    if (event.type === 'disconnect') handlers.disconnected?.()
  }
}
