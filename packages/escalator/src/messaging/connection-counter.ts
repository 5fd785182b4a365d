import type { ConnectionHandlers } from './connection-events.ts'

/** How many connections a bound socket has, and how many did not come about, from the events of the socket. */
export interface ConnectionCounter extends Pick<Required<ConnectionHandlers>, 'accepted' | 'disconnected' | 'failed'> {
  /** Open ones, with those whose handshake is under way. */
  readonly connections: number
  /** Handshakes that did not come to an end: the key is not allowed, the two sides disagree, or one went away. */
  readonly failedHandshakes: number
}

export function createConnectionCounter(): ConnectionCounter {
  let connections = 0
  let failedHandshakes = 0
  return {
    get connections() {
      return connections
    },
    get failedHandshakes() {
      return failedHandshakes
    },
    accepted() {
      connections++
    },
    // Each that was accepted is reported as lost in the end, also when its handshake failed.
    disconnected() {
      if (connections > 0) connections--
    },
    failed() {
      failedHandshakes++
    },
  }
}
