import { createDealerSocket, type Dealer } from '@onitu/escalator/messaging'
import { ipcAddress, OnituError } from '@onitu/protocol'
import { weightOf } from '../rpc/deliver.ts'
import {
  decodeError,
  encodeError,
  HUB_HEARTBEAT,
  HUB_LETTER,
  HUB_SILENCE,
  hubFrames,
  laneOf,
} from '../wire/hub-messages.ts'
import { HubSession } from './hub-session.ts'

export interface HubLinkOptions {
  /** Directory of the session's sockets. */
  readonly runtime: string
  readonly service: string
  /** A client has come. `closed` of a former session was called before. */
  readonly opened: (session: HubSession) => void
}

/** ms without an answer after which Majordomo may have forgotten this process. */
const FORGOTTEN = 2 * HUB_HEARTBEAT

/** The way from the process of a remote service to its client: through Majordomo, for as long as both are there. */
export class HubLink {
  readonly #options: HubLinkOptions
  readonly #socket: Dealer
  #session: HubSession | undefined
  #closed = false
  #beats: NodeJS.Timeout
  #heard = performance.now()

  constructor(options: HubLinkOptions) {
    this.#options = options
    const address = ipcAddress(options.runtime, 'majordomo')
    this.#socket = createDealerSocket(
      { address },
      {
        connected: () => this.#register(),
        disconnected: () => this.#lost('Majordomo has stopped'),
        // Another try comes with the next beat.
        failed: () => undefined,
        message: (frames) => this.#receive(frames),
      },
    )
    this.#beats = setInterval(() => this.#beat(), HUB_HEARTBEAT).unref()
  }

  /** May be called twice. */
  async close(): Promise<void> {
    clearInterval(this.#beats)
    if (!this.#closed) {
      this.#send([HUB_LETTER.leave])
      this.#closed = true
      this.#lost('The service is closing')
    }
    await this.#socket.close()
  }

  #register(): void {
    this.#heard = performance.now()
    this.#say()
  }

  #beat(): void {
    if (!this.#socket.writable) this.#socket.reconnect()
    const silence = performance.now() - this.#heard
    if (silence > HUB_SILENCE) this.#lost('Majordomo does not answer')
    // One that Majordomo has forgotten is not answered: it says again who it is.
    if (silence > FORGOTTEN) this.#say()
    else this.#send([HUB_LETTER.beat])
  }

  #say(): void {
    this.#send([HUB_LETTER.register, this.#options.service])
  }

  #receive([letter, id, ...frames]: readonly Buffer[]): void {
    this.#heard = performance.now()
    const what = letter?.toString('latin1')
    if (what === HUB_LETTER.opened && id !== undefined) this.#open(id)
    else if (id === undefined || this.#session?.id.equals(id) !== true) return
    else if (what === HUB_LETTER.ended) this.#end(decodeError(frames[0]))
    else if (what === HUB_LETTER.data) this.#data(this.#session, id, frames)
  }

  #open(id: Buffer): void {
    this.#lost('Another client has come')
    const session = new HubSession({
      id,
      send: (lane, frames) => this.#send([HUB_LETTER.data, id, lane, ...frames]),
      fail: (error) => this.#fail(id, error),
    })
    this.#session = session
    this.#options.opened(session)
  }

  #data(session: HubSession, id: Buffer, [lane, ...frames]: readonly Buffer[]): void {
    const known = laneOf(lane)
    if (known !== undefined) session.receive(known, frames)
    const taken = Buffer.alloc(4)
    taken.writeUInt32BE(weightOf(frames))
    this.#send([HUB_LETTER.taken, id, taken])
  }

  #fail(id: Buffer, error: OnituError): void {
    this.#send([HUB_LETTER.ended, id, encodeError(error)])
    if (this.#session?.id.equals(id) === true) this.#end(error)
  }

  #lost(why: string): void {
    this.#end(new OnituError('REMOTE_AWAY', why, { retryable: true }))
  }

  #end(error: OnituError): void {
    const session = this.#session
    this.#session = undefined
    session?.end(error)
  }

  #send(frames: readonly (string | Uint8Array)[]): void {
    if (this.#closed) return
    // Where nobody is there, what was said about a session was said in vain, and its end is noticed by the missing beats.
    this.#socket.send(hubFrames(frames))
  }
}
