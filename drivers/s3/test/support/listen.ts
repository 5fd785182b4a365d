import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'

/** Gives the port, and what ends the server with all connections to it. */
export async function listen(server: Server): Promise<{ readonly port: number; readonly close: () => void }> {
  const connections: Socket[] = []
  // A client that gives up breaks its connections.
  server.on('connection', (socket: Socket) => connections.push(socket.on('error', () => undefined)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    for (const socket of connections) socket.destroy()
  }
  return { port: (server.address() as AddressInfo).port, close }
}
