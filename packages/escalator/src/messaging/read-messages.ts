import type { Readable, Socket } from 'zeromq'

/** The one reading loop of a socket: gives each message to `handle`, which may hold the loop up. Ends when the socket is closed. */
export async function readMessages(
  socket: Socket & Readable,
  handle: (frames: Buffer[]) => void | Promise<void>,
): Promise<void> {
  while (!socket.closed) {
    const frames = await receive(socket)
    if (frames === undefined) return
    const held = handle(frames)
    if (held !== undefined) await held
  }
}

async function receive(socket: Socket & Readable): Promise<Buffer[] | undefined> {
  try {
    return await socket.receive()
  } catch (error) {
    if (socket.closed) return undefined
    throw error
  }
}
