import type { Socket } from 'node:net'

/**
 * Gives a function to call before something is written: what is written from then on goes to the system in one call, at the end of this turn of the
 * event loop. A request of SFTP is one small packet, and a call for each would cost more than all else that is done for it.
 */
export function writeTogether(socket: Socket): () => void {
  let isHeld = false
  return () => {
    if (isHeld) return
    isHeld = true
    socket.cork()
    setImmediate(() => {
      isHeld = false
      socket.uncork()
    })
  }
}
