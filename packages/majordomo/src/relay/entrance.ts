import { isOnituError, OnituError } from '@onitu/protocol'
import { type AuthorizedKey, findGoodKey } from '../keys/index.ts'
import type { ClientSetup } from '../setup/client-setup.ts'
import { decodeHello, encodeEnded, LETTER, PROTOCOL_VERSION } from '../wire/link-messages.ts'
import { RateLimit } from './rate-limit.ts'

export interface EntranceOptions {
  /** ms that only go forward. */
  readonly now: () => number
  /** Those that may connect. */
  readonly keys: () => readonly AuthorizedKey[]
  readonly answer: (peer: string, frames: readonly Uint8Array[]) => void
  /** @throws OnituError what the client is told: it is not let in */
  readonly admit: (peer: string, key: AuthorizedKey, setup: ClientSetup) => void
  /** A message that is not understood or not allowed. */
  readonly dropped: (why: string) => void
}

/** What may be asked with one key by whoever is not in. */
const RATE = { burst: 10, perSecond: 2 }

/** What is said with those whose key is good, until they are let in. */
export class Entrance {
  readonly #options: EntranceOptions
  /** By key: there are as many as are authorised. */
  readonly #hellos = new Map<string, RateLimit>()
  readonly #late = new Map<string, RateLimit>()

  constructor(options: EntranceOptions) {
    this.#options = options
  }

  /** Not to be asked for somebody who is in. `publicKey`: what the connection has proved. */
  hello(peer: string, publicKey: string, frame: Buffer | undefined): void {
    const { answer, dropped, keys, admit } = this.#options
    if (!this.#mayAsk(this.#hellos, publicKey)) {
      dropped('too many hellos')
      return
    }
    const key = findGoodKey(keys(), publicKey)
    if (key === undefined) {
      dropped('a hello with a key that is not authorised any more')
      return
    }
    const hello = decodeHello(frame)
    try {
      if (hello !== undefined && hello.version !== PROTOCOL_VERSION) throw wrongVersion(hello.version)
      if (hello?.setup === undefined) throw badSetup()
      admit(peer, key, hello.setup)
    } catch (error) {
      if (!isOnituError(error)) throw error
      answer(peer, encodeEnded(error))
      if (hello === undefined) dropped('a hello that cannot be read')
    }
  }

  /** Something else than one says who wants to come in. */
  other(peer: string, publicKey: string, what: string | undefined): void {
    this.#options.dropped('a message from somebody who is not in')
    // One that was forgotten while it could not be reached learns that it has to begin anew.
    const isLate = what === LETTER.beat && this.#mayAsk(this.#late, publicKey)
    if (isLate) this.#options.answer(peer, encodeEnded(unknownSession()))
  }

  #mayAsk(asked: Map<string, RateLimit>, publicKey: string): boolean {
    const now = this.#options.now()
    let limit = asked.get(publicKey)
    if (limit === undefined) {
      limit = new RateLimit(RATE, now)
      asked.set(publicKey, limit)
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
