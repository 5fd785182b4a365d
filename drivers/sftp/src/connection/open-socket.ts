import { connect, type Socket } from 'node:net'
import { Slabs } from './slabs.ts'

/** Bytes that wait for the end of their turn at most. */
const GATHERED = 256 * 1024

export interface ReadingSocket {
  readonly socket: Socket
  /**
   * From now on memory that was read into is used again, after 384 KiB more have come. For when all that comes is encrypted: what ssh2 makes of it is in memory of its
   * own, and of what came it keeps no more than the packet that is not whole yet (35 KB at most).
   */
  reuseMemory(): void
}

/** A socket that reads all that there is in one go, and not by 64 KiB: more answers come in one turn. */
export function openSocket(host: string, port: number): ReadingSocket {
  const slabs = new Slabs()
  const socket: Socket = connect({
    host,
    port,
    noDelay: true,
    onread: {
      buffer: () => slabs.room(),
      callback(size, bytes) {
        slabs.take(size)
        socket.emit('data', Buffer.from(bytes.buffer, bytes.byteOffset, size))
        return true
      },
    },
  })
  gatherWrites(socket)
  return { socket, reuseMemory: () => slabs.reuse() }
}

/**
 * What is written in one turn of the event loop goes to the system in one call: ssh2 writes each packet in three pieces, two of them tiny, and each piece by
 * itself wakes the server. On the instance, and after connect(), which takes away the `write` of a class.
 */
function gatherWrites(socket: Socket): void {
  const write: Socket['write'] = socket.write.bind(socket)
  let gathered = 0
  const flush = () => {
    if (gathered === 0) return
    gathered = 0
    socket.uncork()
  }
  socket.write = (piece: Uint8Array | string, ...rest: []) => {
    if (gathered === 0) {
      socket.cork()
      process.nextTick(flush)
    }
    gathered += piece.length
    const hasRoom = write(piece, ...rest)
    if (gathered >= GATHERED) flush()
    return hasRoom
  }
}
