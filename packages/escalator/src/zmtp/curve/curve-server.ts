import { type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { packProperties, parseProperties, type Ready, readyOf } from '../commands.ts'
import { failed, type Mechanism, type Step } from '../mechanism.ts'
import {
  COOKIE_SIZE,
  DENIED,
  ERROR,
  HELLO,
  HELLO_KEY_AT,
  HELLO_SIZE,
  INITIATE,
  isCommand,
  NONCE,
  opened,
  READY,
  SIGNATURE_SIZE,
  sealed,
  VOUCH_SIZE,
  WELCOME,
} from './commands.ts'
import { messageCipher } from './message-cipher.ts'
import { NonceCounter, nonceOf, nonceSizes } from './nonces.ts'
import { BOX_OVERHEAD } from './secret-box.ts'
import { sharedKey } from './shared-key.ts'
import { KEY_SIZE, type KeyPair, makeKeyPair } from './x25519.ts'

export interface CurveServerOptions {
  readonly keys: KeyPair
  /** What this end is. */
  readonly own: Ready
  /** Asked once a client has proved that it has the secret part of the key, before anything else of it is read. */
  readonly admit: (publicKey: Uint8Array) => boolean
}

/** What is known after the first of the two commands of a client. */
interface Greeted {
  readonly clientKey: Buffer
  readonly cookie: Buffer
  /** Made here for this connection alone. */
  readonly secretKey: KeyObject
  /** Between that key and the one that the client has made for it. */
  readonly shared: Uint8Array
}

/**
 * The server's side of CURVE for one connection. The client has proved its long-term key when it is let in, and both ends forget the keys of the connection
 * with it. The server remembers what it has said while the connection lasts, so a cookie is just a number that must come back.
 */
export class CurveServer implements Mechanism {
  readonly name = 'CURVE'
  readonly isServer = true
  readonly #options: CurveServerOptions
  readonly #own = new NonceCounter()
  readonly #theirs = new NonceCounter()
  #greeted: Greeted | undefined

  constructor(options: CurveServerOptions) {
    this.#options = options
  }

  begin(): undefined {
    return undefined
  }

  take(command: Buffer): Step {
    return this.#greeted === undefined ? this.#welcome(command) : this.#initiate(command, this.#greeted)
  }

  #welcome(hello: Buffer): Step {
    if (hello.byteLength !== HELLO_SIZE || !isCommand(hello, HELLO)) return failed('it does not say hello')
    const clientKey = Buffer.from(hello.subarray(HELLO_KEY_AT, HELLO_KEY_AT + KEY_SIZE))
    const key = sharedKey(this.#options.keys.secretKey, clientKey)
    const signature = key && this.#open(hello.subarray(HELLO_KEY_AT + KEY_SIZE), NONCE.hello, key)
    if (key === undefined || signature?.byteLength !== SIGNATURE_SIZE)
      return failed('it expects a server with another key')
    const { secretKey, publicKey } = makeKeyPair()
    const shared = sharedKey(secretKey, clientKey)
    if (shared === undefined) return failed('its key is none')
    const cookie = randomBytes(COOKIE_SIZE)
    this.#greeted = { clientKey, cookie, secretKey, shared }
    const end = randomBytes(nonceSizes.long)
    const box = sealed(Buffer.concat([publicKey, cookie]), nonceOf(NONCE.welcome, end), key)
    return { type: 'go on', reply: Buffer.concat([WELCOME, end, box]) }
  }

  #initiate(command: Buffer, greeted: Greeted): Step {
    const cookieEnd = INITIATE.byteLength + COOKIE_SIZE
    const least = cookieEnd + nonceSizes.short + BOX_OVERHEAD + KEY_SIZE + VOUCH_SIZE
    if (command.byteLength < least || !isCommand(command, INITIATE)) return failed('it does not say who it is')
    if (!timingSafeEqual(command.subarray(INITIATE.byteLength, cookieEnd), greeted.cookie))
      return failed('it brings the cookie of another connection')
    const said = this.#open(command.subarray(cookieEnd), NONCE.initiate, greeted.shared)
    if (said === undefined) return failed('what it says of itself cannot be read')
    const publicKey = Buffer.from(said.subarray(0, KEY_SIZE))
    if (!this.#isVouchedFor(publicKey, said.subarray(KEY_SIZE, KEY_SIZE + VOUCH_SIZE), greeted))
      return failed('it does not have the key that it claims')
    const properties = parseProperties(said.subarray(KEY_SIZE + VOUCH_SIZE))
    return properties === undefined
      ? failed('it does not say what it is')
      : this.#admit({ ...readyOf(properties), publicKey }, publicKey, greeted)
  }

  #admit(peer: Ready, publicKey: Buffer, { shared }: Greeted): Step {
    const { admit, own } = this.#options
    if (!admit(publicKey)) {
      const failure = { kind: 'denied', reason: 'its key may not come in' } as const
      return { type: 'failed', reply: Buffer.concat([ERROR, DENIED]), failure }
    }
    const end = this.#own.next()
    const box = sealed(packProperties(own), nonceOf(NONCE.ready, end), shared)
    const prefixes = { own: NONCE.fromServer, theirs: NONCE.fromClient }
    const cipher = messageCipher(shared, prefixes, this.#own, this.#theirs)
    return { type: 'agreed', reply: Buffer.concat([READY, end, box]), peer, cipher }
  }

  /** By the owner of the key, for the key of this connection and this server. */
  #isVouchedFor(publicKey: Buffer, vouch: Buffer, { clientKey, secretKey }: Greeted): boolean {
    const key = sharedKey(secretKey, publicKey)
    const nonce = nonceOf(NONCE.vouch, vouch.subarray(0, nonceSizes.long))
    const plain = key && opened(vouch.subarray(nonceSizes.long), nonce, key)
    return plain !== undefined && timingSafeEqual(plain, Buffer.concat([clientKey, this.#options.keys.publicKey]))
  }

  /** The end of a nonce, and the box behind it. */
  #open(bytes: Buffer, prefix: string, key: Uint8Array): Buffer | undefined {
    const end = bytes.subarray(0, nonceSizes.short)
    return this.#theirs.take(end) ? opened(bytes.subarray(nonceSizes.short), nonceOf(prefix, end), key) : undefined
  }
}
