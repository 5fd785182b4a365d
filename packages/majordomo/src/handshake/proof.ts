import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { generateKeyPair, sharedSecret } from '@onitu/escalator/messaging'
import { OnituError } from '@onitu/protocol'

/*
 * ZeroMQ checks the key of a connection, but does not tell from which connection a message came. So each client proves
 * once more that it has the secret key, for the routing id that it has chosen: 20 bytes that nobody else can guess, and that
 * nobody else can have while its connection lasts. The hub gives it a public key of its own and a cookie; what the client
 * computes from them needs its secret key (X25519). A cookie holds nothing secret and the hub remembers none of them, so
 * nobody can fill its memory with proofs that are never given.
 */

export const ROUTING_ID_SIZE = 20
const CONTEXT = Buffer.from('onitu-majordomo-1')
/** ms that a client has to give the proof. */
const PATIENCE = 30_000
const TIME_SIZE = 8
const MAC_SIZE = 32

/** A routing id for a new connection: text, since zeromq.js takes nothing else; 120 random bits. */
export function createRoutingId(): string {
  return randomBytes((ROUTING_ID_SIZE / 4) * 3).toString('base64url')
}

export interface Challenge {
  /** Z85, of this challenger. */
  readonly publicKey: string
  readonly cookie: Uint8Array
}

/** The hub's side. One lasts as long as the process; its key pair serves for nothing else. */
export class Challenger {
  readonly #keys = generateKeyPair()
  readonly #secret = randomBytes(MAC_SIZE)
  readonly #now: () => number

  /** `now`: ms that only go forward. */
  constructor(now: () => number) {
    this.#now = now
  }

  challenge(routingId: Uint8Array, clientKey: string): Challenge {
    const time = Buffer.alloc(TIME_SIZE)
    time.writeDoubleBE(this.#now())
    return { publicKey: this.#keys.publicKey, cookie: Buffer.concat([time, this.#seal(time, routingId, clientKey)]) }
  }

  /** Whether who speaks from the routing id has the secret part of the client's key. */
  isProven(routingId: Uint8Array, clientKey: string, cookie: Uint8Array, proof: Uint8Array): boolean {
    const time = Buffer.from(cookie.subarray(0, TIME_SIZE))
    if (cookie.byteLength !== TIME_SIZE + MAC_SIZE) return false
    if (!isEqual(cookie.subarray(TIME_SIZE), this.#seal(time, routingId, clientKey))) return false
    if (this.#now() - time.readDoubleBE() > PATIENCE) return false
    return isEqual(proof, proofOf(this.#keys.secretKey, clientKey, cookie, routingId))
  }

  #seal(time: Uint8Array, routingId: Uint8Array, clientKey: string): Buffer {
    return createHmac('sha256', this.#secret).update(time).update(routingId).update(clientKey).digest()
  }
}

/** The client's side. @throws OnituError `PROTOCOL` when the challenge is none */
export function prove(secretKey: string, { publicKey, cookie }: Challenge, routingId: Uint8Array): Uint8Array {
  try {
    return proofOf(secretKey, publicKey, cookie, routingId)
  } catch (cause) {
    throw new OnituError('PROTOCOL', 'The hub gave a challenge that is none', { cause })
  }
}

function proofOf(secretKey: string, publicKey: string, cookie: Uint8Array, routingId: Uint8Array): Buffer {
  const key = sharedSecret(secretKey, publicKey)
  return createHmac('sha256', key).update(CONTEXT).update(cookie).update(routingId).digest()
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other)
}
