import type { AuthorizedKey } from '../keys/index.ts'
import { RateLimit } from './rate-limit.ts'

/** A client that has proved who it is. */
export interface Connection {
  /** Its name on the port for requests. */
  readonly peer: string
  readonly key: AuthorizedKey
  /** How the processes of the hub call it. */
  readonly session: string
  /** What it shows on the second port, once. */
  readonly token: Buffer
  /** `starting`: its service is being set up. `welcomed`: it is to come to the second port. */
  state: 'starting' | 'welcomed' | 'open'
  /** Its name on the port for handlers. */
  handlersPeer: string | undefined
  /** When something of it was last read. */
  heard: number
  /** Bytes of its messages that the process of its service has not dealt with. */
  unread: number
  readonly messages: RateLimit
}

/** Far beyond what a client does that waits for its answers: each message costs time that others are waiting for. */
const MESSAGE_RATE = { burst: 50_000, perSecond: 20_000 }

export function createConnection(
  peer: string,
  key: AuthorizedKey,
  session: string,
  token: Buffer,
  now: number,
): Connection {
  return {
    peer,
    key,
    session,
    token,
    state: 'starting',
    handlersPeer: undefined,
    heard: now,
    unread: 0,
    messages: new RateLimit(MESSAGE_RATE, now),
  }
}
