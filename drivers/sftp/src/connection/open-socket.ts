import { connect, type Socket } from 'node:net'

/** Bytes: what is read goes into one of these until less than the least is left of it. With 1 MiB it takes more memory that was not in use before. */
const SLAB = 256 * 1024
const LEAST = 128 * 1024

/**
 * A socket that reads all that there is in one go, and not by 64 KiB: more answers come in one turn. Memory that was read into is not used again: whoever
 * gets a piece may keep it. Refused: to cork what is written while a piece is taken in; it made small files slower by a tenth.
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
  return socket
}

/** What is written piece by piece goes to the system in one call. */
export function corked(socket: Socket, write: () => void): void {
  socket.cork()
  try {
    write()
  } finally {
    socket.uncork()
  }
}
