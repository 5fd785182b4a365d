import { isOnituError, OnituError } from '@onitu/protocol'
import { Challenger, ROUTING_ID_SIZE } from '../handshake/proof.ts'
import { type AuthorizedKey, findGoodKey } from '../keys/index.ts'
import type { ClientSetup } from '../setup/client-setup.ts'
import {
  decodeLink,
  encodeEnded,
  encodeLink,
  helloSchema,
  LETTER,
  PROTOCOL_VERSION,
  proofSchema,
} from '../wire/link-messages.ts'
import { RateLimit } from './rate-limit.ts'

export interface EntranceOptions {
  /** ms that only go forward. */
  readonly now: () => number
  /** Those that may connect. */
  readonly keys: () => readonly AuthorizedKey[]
  readonly answer: (peer: string, frames: readonly Uint8Array[]) => void
  /** Somebody has proved the key. @throws OnituError what he is told: he is not let in */
  readonly admit: (peer: string, key: AuthorizedKey, setup: ClientSetup) => void
  /** A message that is not understood or not allowed. */
  readonly dropped: (why: string) => void
}

/** What somebody may ask who has proved nothing. */
const STRANGER_RATE = { burst: 10, perSecond: 2 }
const MAX_STRANGERS = 10_000

/** What is said with those who have proved nothing, until they have. Nothing is remembered of them but how often they have asked. */
export class Entrance {
  readonly #options: EntranceOptions
  readonly #challenger: Challenger
  readonly #strangers = new Map<string, RateLimit>()

  constructor(options: EntranceOptions) {
    this.#options = options
    this.#challenger = new Challenger(options.now)
  }

  hello(peer: string, frame: Buffer | undefined): void {
    const { answer, dropped, keys } = this.#options
    const hello = decodeLink(helloSchema, frame)
    if (hello === undefined || peer.length !== ROUTING_ID_SIZE) dropped('a hello that is none')
    else if (!this.#mayAsk(peer)) dropped('too many hellos')
    else if (hello.version !== PROTOCOL_VERSION) answer(peer, encodeEnded(wrongVersion(hello.version)))
    else if (findGoodKey(keys(), hello.publicKey) === undefined) dropped('a hello with a key that is not authorised')
    else {
      const challenge = this.#challenger.challenge(Buffer.from(peer, 'latin1'), hello.publicKey)
      answer(peer, encodeLink(LETTER.challenge, challenge))
    }
  }

  /** Not to be asked for somebody who is in. */
  proof(peer: string, frame: Buffer | undefined): void {
    const { answer, dropped, keys, admit } = this.#options
    if (!this.#mayAsk(peer)) {
      dropped('too many proofs')
      return
    }
    const given = decodeLink(proofSchema, frame)
    if (given === undefined) {
      answer(peer, encodeEnded(badSetup()))
      dropped('a proof that cannot be read')
      return
    }
    const key = findGoodKey(keys(), given.publicKey)
    const id = Buffer.from(peer, 'latin1')
    if (key === undefined || !this.#challenger.isProven(id, key.publicKey, given.cookie, given.proof)) {
      dropped('a proof that is none')
      return
    }
    this.#strangers.delete(peer)
    try {
      admit(peer, key, given.setup)
    } catch (error) {
      if (!isOnituError(error)) throw error
      answer(peer, encodeEnded(error))
    }
  }

  /** Something else than one says who wants to come in. */
  other(peer: string, what: string | undefined): void {
    this.#options.dropped('a message from somebody who has proved nothing')
    // One that was forgotten while it could not be reached learns that it has to begin anew.
    const isLate = what === LETTER.beat && this.#mayAsk(peer)
    if (isLate) this.#options.answer(peer, encodeEnded(unknownSession()))
  }

  #mayAsk(peer: string): boolean {
    const now = this.#options.now()
    let limit = this.#strangers.get(peer)
    if (limit === undefined) {
      if (this.#strangers.size >= MAX_STRANGERS) this.#strangers.clear()
      limit = new RateLimit(STRANGER_RATE, now)
      this.#strangers.set(peer, limit)
    }
    return limit.take(now)
  }
}

function wrongVersion(version: number): OnituError {
  return new OnituError(
    'VERSION',
    `The hub speaks version ${PROTOCOL_VERSION}, the client ${version}: install the same version of Onitu on both`,
  )
}

function badSetup(): OnituError {
  return new OnituError(
    'INVALID_SETUP',
    'The hub does not understand the setup of the client: is it of the same version?',
  )
}

function unknownSession(): OnituError {
  return new OnituError('UNKNOWN_SESSION', 'The hub does not know the connection any more', { retryable: true })
}
