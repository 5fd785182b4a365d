import type { Readable, Socket } from 'zeromq'

export interface MessageSource extends AsyncIterable<Uint8Array[]> {
  close(): Promise<void>
}

/** The messages of a socket as an async iterable; closing ends the loop, and waits for nothing. */
export function iterateMessages(socket: Socket & Readable): MessageSource {
  return {
    async *[Symbol.asyncIterator]() {
      while (!socket.closed) {
        try {
          yield await socket.receive()
        } catch (error) {
          if (!socket.closed) throw error
        }
      }
    },
    async close() {
      socket.close()
    },
  }
}
