import { connect, type Socket } from 'node:net'

/** Bytes: what is read goes into one of these until less than the least is left of it. With 1 MiB it takes more memory that was not in use before. */
const SLAB = 256 * 1024
const LEAST = 128 * 1024
/** Bytes that wait for the end of their turn at most. */
const GATHERED = 256 * 1024

/**
 * A socket that reads all that there is in one go, and not by 64 KiB: more answers come in one turn. Memory that was read into is not used again: whoever
 * gets a piece may keep it.
 */
export function openSocket(host: string, port: number): Socket {
  let slab = Buffer.allocUnsafeSlow(SLAB)
  let used = 0
  const socket: Socket = connect({
    host,
    port,
    noDelay: true,
    onread: {
      buffer() {
        if (SLAB - used < LEAST) {
          slab = Buffer.allocUnsafeSlow(SLAB)
          used = 0
        }
        return slab.subarray(used)
      },
      callback(size, bytes) {
        used += size
        socket.emit('data', Buffer.from(bytes.buffer, bytes.byteOffset, size))
        return true
      },
    },
  })
  gatherWrites(socket)
  return socket
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
