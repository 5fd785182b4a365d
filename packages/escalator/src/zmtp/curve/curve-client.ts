import { randomBytes } from 'node:crypto'
import { packProperties, parseProperties, type Ready, readyOf } from '../commands.ts'
import { failed, type Mechanism, type Step } from '../mechanism.ts'
import {
  COOKIE_SIZE,
  DENIED,
  ERROR,
  HELLO,
  HELLO_KEY_AT,
  INITIATE,
  isCommand,
  NONCE,
  opened,
  READY,
  SIGNATURE_SIZE,
  sealed,
  WELCOME,
} from './commands.ts'
import { messageCipher } from './message-cipher.ts'
import { NonceCounter, nonceOf, nonceSizes } from './nonces.ts'
import { BOX_OVERHEAD } from './secret-box.ts'
import { sharedKey } from './shared-key.ts'
import { KEY_SIZE, type KeyPair, makeKeyPair } from './x25519.ts'

export interface CurveClientOptions {
  readonly keys: KeyPair
  /** A server without the secret part of it cannot answer. */
  readonly serverKey: Uint8Array
  /** What this end is. */
  readonly own: Ready
}

const WELCOME_SIZE = WELCOME.byteLength + nonceSizes.long + KEY_SIZE + COOKIE_SIZE + BOX_OVERHEAD

/** The client's side of CURVE for one connection. */
export class CurveClient implements Mechanism {
  readonly name = 'CURVE'
  readonly isServer = false
  readonly #options: CurveClientOptions
  /** For this connection alone. */
  readonly #forNow = makeKeyPair()
  readonly #own = new NonceCounter()
  readonly #theirs = new NonceCounter()
  /** Undefined: the server's key is none. */
  readonly #toServer: Uint8Array | undefined
  #shared: Uint8Array | undefined

  constructor(options: CurveClientOptions) {
    this.#options = options
    this.#toServer = sharedKey(this.#forNow.secretKey, options.serverKey)
  }

  begin(): Buffer | undefined {
    if (this.#toServer === undefined) return undefined
    const end = this.#own.next()
    const head = Buffer.alloc(HELLO_KEY_AT)
    head.set(HELLO)
    const box = sealed(Buffer.alloc(SIGNATURE_SIZE), nonceOf(NONCE.hello, end), this.#toServer)
    return Buffer.concat([head, this.#forNow.publicKey, end, box])
  }

  take(command: Buffer): Step {
    if (isCommand(command, ERROR)) return refusal(command.subarray(ERROR.byteLength))
    return this.#shared === undefined ? this.#initiate(command) : this.#end(command, this.#shared)
  }

  #initiate(welcome: Buffer): Step {
    if (welcome.byteLength !== WELCOME_SIZE || !isCommand(welcome, WELCOME)) return failed('it does not welcome')
    const [nonce, box] = split(welcome.subarray(WELCOME.byteLength), nonceSizes.long)
    const plain = this.#toServer && opened(box, nonceOf(NONCE.welcome, nonce), this.#toServer)
    if (plain === undefined) return failed('it has another key than is expected of the server')
    const [serverKey, cookie] = split(plain, KEY_SIZE)
    const { keys, own } = this.#options
    const vouchKey = sharedKey(keys.secretKey, serverKey)
    this.#shared = sharedKey(this.#forNow.secretKey, serverKey)
    if (this.#shared === undefined || vouchKey === undefined) return failed('its key is none')
    const vouchEnd = randomBytes(nonceSizes.long)
    const vouched = Buffer.concat([this.#forNow.publicKey, this.#options.serverKey])
    const vouch = sealed(vouched, nonceOf(NONCE.vouch, vouchEnd), vouchKey)
    const said = Buffer.concat([keys.publicKey, vouchEnd, vouch, packProperties(own)])
    const end = this.#own.next()
    const reply = [INITIATE, cookie, end, sealed(said, nonceOf(NONCE.initiate, end), this.#shared)]
    return { type: 'go on', reply: Buffer.concat(reply) }
  }

  #end(ready: Buffer, shared: Uint8Array): Step {
    const least = READY.byteLength + nonceSizes.short + BOX_OVERHEAD
    if (ready.byteLength < least || !isCommand(ready, READY)) return failed('it does not say that it is ready')
    const [end, box] = split(ready.subarray(READY.byteLength), nonceSizes.short)
    const plain = this.#theirs.take(end) ? opened(box, nonceOf(NONCE.ready, end), shared) : undefined
    const properties = plain && parseProperties(plain)
    if (properties === undefined) return failed('what it says of itself cannot be read')
    const prefixes = { own: NONCE.fromClient, theirs: NONCE.fromServer }
    const cipher = messageCipher(shared, prefixes, this.#own, this.#theirs)
    return { type: 'agreed', peer: readyOf(properties), cipher }
  }
}

function refusal(reason: Buffer): Step {
  if (!reason.equals(DENIED)) return failed('it refuses, and does not say why')
  return { type: 'failed', failure: { kind: 'denied', reason: 'it does not allow the key of this end' } }
}

function split(bytes: Buffer, at: number): readonly [Buffer, Buffer] {
  return [bytes.subarray(0, at), bytes.subarray(at)]
}
