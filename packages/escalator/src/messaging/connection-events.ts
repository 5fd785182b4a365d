import type { Socket } from 'zeromq'

export interface ConnectionHandlers {
  /** A peer is connected and both sides have agreed on the protocol. */
  readonly connected?: () => void
  /** A connection was lost. */
  readonly disconnected?: () => void
}

/** Reports the connections of a socket until it is closed. Call it before bind or connect, so that none is missed. */
export function watchConnections(socket: Socket, handlers: ConnectionHandlers): void {
  void readEvents(socket, handlers)
}

async function readEvents(socket: Socket, handlers: ConnectionHandlers): Promise<void> {
  const { events } = socket
  while (!events.closed) {
    // Closing the socket ends a pending receive with undefined, whatever the types say.
    const event: { readonly type: string } | undefined = await events.receive()
    if (event === undefined || event.type === 'end') return
    if (event.type === 'handshake') handlers.connected?.()
    if (event.type === 'disconnect') handlers.disconnected?.()
  }
}
