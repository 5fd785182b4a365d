import { setTimeout as sleep } from 'node:timers/promises'
import { OnituError } from '@onitu/protocol'
import type { Socket } from 'zeromq'
import { isTaken } from './socket-errors.ts'

/** ms */
const STEP = 5

/**
 * Binds a socket to an address that a former socket is about to free, which takes a moment after its closing. A socket
 * that could not be bound is closed.
 * @throws OnituError `BIND_FAILED`
 */
export async function bindPatiently(socket: Socket, address: string, patience: number): Promise<void> {
  for (const until = performance.now() + patience; ; ) {
    try {
      await socket.bind(address)
      return
    } catch (cause) {
      if (!isTaken(cause) || performance.now() > until || socket.closed) {
        socket.close()
        throw new OnituError('BIND_FAILED', `Cannot listen on ${address}: ${String(cause)}`, { cause })
      }
    }
    await sleep(STEP)
  }
}
