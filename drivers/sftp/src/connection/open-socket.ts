import { connect, type Socket } from 'node:net'

/** Bytes: what is read goes into one of these until less than the least is left of it. */
const SLAB = 1024 * 1024
const LEAST = 256 * 1024

/**
 * A socket that reads all that there is in one go, and not by 64 KiB: more answers come in one turn, and what is said to them goes in one call of
 * the system. Memory that was read into is not used again: whoever gets a piece may keep it.
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
        corked(socket, () => socket.emit('data', Buffer.from(bytes.buffer, bytes.byteOffset, size)))
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
