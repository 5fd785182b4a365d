import { Dealer } from 'zeromq'
import type { ClientSetup } from '../../packages/majordomo/src/setup/client-setup.ts'
import {
  decodeLink,
  encodeLink,
  endedSchema,
  LETTER,
  PROTOCOL_VERSION,
  welcomeSchema,
} from '../../packages/majordomo/src/wire/link-messages.ts'
import { clientSetup } from '../../packages/majordomo/test/support/client-setup.ts'
import { curveOptions } from '../../packages/majordomo/test/support/curve-options.ts'
import type { RemoteSetup } from './remote-setup.ts'

/** ms */
const BEAT = 1_000

type Frames = readonly (Uint8Array | string)[]

/** A client with a good key that is let in, and then says whatever it likes. */
export class HostileClient {
  readonly #requests: Dealer
  readonly #handlers: Dealer
  readonly #ports: RemoteSetup
  readonly #setup: ClientSetup

  constructor(
    ports: RemoteSetup,
    keys: { readonly secretKey: string; readonly serverKey: string },
    setup: ClientSetup,
  ) {
    const dealer = () => new Dealer({ ...curveOptions(keys), linger: 0, sendTimeout: 1_000, receiveTimeout: 30_000 })
    this.#requests = dealer()
    this.#handlers = dealer()
    this.#ports = ports
    this.#setup = setup
  }

  /** Until it is let in. */
  async enter(): Promise<void> {
    this.#requests.connect(`tcp://127.0.0.1:${this.#ports.requests}`)
    await this.#hello()
    const welcome = decodeLink(welcomeSchema, await this.#expect(this.#requests, LETTER.welcome))
    if (welcome === undefined) throw new Error('The welcome is none')
    this.#handlers.connect(`tcp://127.0.0.1:${this.#ports.handlers}`)
    await this.#handlers.send(encodeLink(LETTER.token, { token: welcome.token }))
    await this.#expect(this.#handlers, LETTER.bound)
  }

  /** False when the hub takes nothing any more. */
  async say(port: 'requests' | 'handlers', frames: Frames): Promise<boolean> {
    const socket = port === 'requests' ? this.#requests : this.#handlers
    try {
      await socket.send([...frames])
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false
      throw error
    }
  }

  close(): void {
    this.#requests.close()
    this.#handlers.close()
  }

  async #hello(): Promise<void> {
    await this.#requests.send(encodeLink(LETTER.hello, { version: PROTOCOL_VERSION, setup: this.#setup }))
  }

  /** Setting a service up takes its time: it says meanwhile that it is there. */
  async #expect(socket: Dealer, wanted: string): Promise<Uint8Array | undefined> {
    const beats = setInterval(() => void this.#requests.send(encodeLink(LETTER.beat)), BEAT)
    try {
      return await this.#receive(socket, wanted)
    } finally {
      clearInterval(beats)
    }
  }

  async #receive(socket: Dealer, wanted: string): Promise<Uint8Array | undefined> {
    for (;;) {
      const [letter, body] = await socket.receive()
      const got = letter?.toString()
      if (got === wanted) return body
      if (got !== LETTER.ended) continue
      const error = decodeLink(endedSchema, body)
      // Its hello was not heard: too many had come with its key.
      if (error?.code === 'UNKNOWN_SESSION') await this.#hello()
      else throw new Error(`Not let in: ${error?.message}`)
    }
  }
}

/** What such a client says of itself. */
export function hostileStatement(folder: string): ClientSetup {
  const { driver } = clientSetup
  return {
    driver: { ...driver, name: 'evil', velocity: 1, capabilities: { ...driver.capabilities, history: true } },
    folders: { [folder]: { path: '/', options: {} } },
  }
}
