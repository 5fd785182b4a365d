import {
  type CurveClientOptions,
  createDealerSocket,
  type Dealer,
  type HandshakeFailure,
} from '@onitu/escalator/messaging'
import { fromWireError, isOnituError, OnituError } from '@onitu/protocol'
import { Answerer, type IncomingCall } from '../rpc/answerer.ts'
import { type Answer, Caller, type CallOptions } from '../rpc/caller.ts'
import { deliverToAnswerer, deliverToCaller } from '../rpc/deliver.ts'
import { MAX_FRAME } from '../rpc/parts.ts'
import type { ClientSetup } from '../setup/client-setup.ts'
import { decodeLink, encodeLink, endedSchema, LETTER, PROTOCOL_VERSION, welcomeSchema } from '../wire/link-messages.ts'

export interface ClientLinkOptions {
  /** tcp addresses of the two ports. */
  readonly requests: string
  readonly handlers: string
  /** Keys: that of the hub is pinned. */
  readonly curve: CurveClientOptions
  readonly setup: ClientSetup
  /** Answers a call of a handler. */
  readonly handle: (call: IncomingCall) => Promise<unknown>
}

/** ms until something has to come from the hub while the connection is being made. */
const FIRST_PATIENCE = 20_000
/** Heartbeats that the hub may be silent. It is looked for twice a heartbeat, so that three of them are enough to notice. */
const SILENT_BEATS = 2.5
/** ms for the last words. */
const LINGER = 500
/** How often the other side may hang up before both have agreed: a network that fails does so less often. */
const HANGUPS = 5
/** ms between beats before the hub has said how often. */
const FIRST_HEARTBEAT = 2_000

/** One connection to a hub, from the first word to the last. It is never mended: another one is made. */
export class ClientLink {
  /** The service that the key stands for; known once it is open. */
  service = ''
  readonly #options: ClientLinkOptions
  #requests: Dealer | undefined
  #handlers: Dealer | undefined
  readonly #caller: Caller
  readonly #answerer: Answerer
  #heartbeat = FIRST_HEARTBEAT
  #silence = FIRST_PATIENCE
  #heard = performance.now()
  #hasSaidHello = false
  #beats: NodeJS.Timeout | undefined
  #settleOpening: { resolve: () => void; reject: (error: OnituError) => void } | undefined
  #ended: OnituError | undefined
  #setEnded: (error: OnituError) => void = () => undefined
  /** Why it is over. Never rejects. */
  readonly ended: Promise<OnituError>

  constructor(options: ClientLinkOptions) {
    this.#options = options
    this.#caller = new Caller((frames) => this.#send(this.#requests, [Buffer.from(LETTER.data), ...frames]))
    this.#answerer = new Answerer({
      send: (frames) => this.#send(this.#handlers, [Buffer.from(LETTER.data), ...frames]),
      handle: options.handle,
      exceeded: (error) => this.#end(error),
    })
    this.ended = new Promise((resolve) => {
      this.#setEnded = resolve
    })
  }

  /** Resolves when calls may pass both ways. @throws OnituError why not; `retryable` says whether another try may do better */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settleOpening = { resolve, reject }
      this.#requests = this.#connect(
        this.#options.requests,
        () => this.#hello(),
        (frames) => this.#fromRequests(frames),
      )
      this.#heard = performance.now()
      this.#beat()
    })
  }

  /** Calls the hub. @throws what it threw; why the connection has ended */
  call(method: string, args: unknown, options?: CallOptions): Promise<Answer> {
    return this.#caller.call(method, args, options)
  }

  /** Resolves when no handler runs any more. */
  idle(): Promise<void> {
    return this.#answerer.idle()
  }

  /** Says good-bye. May be called twice. */
  close(): void {
    if (this.#ended === undefined) this.#requests?.send(encodeLink(LETTER.bye))
    this.#end(new OnituError('CLOSED', 'The connection was closed', { retryable: true }))
  }

  #connect(address: string, connected: () => void, receive: (frames: readonly Buffer[]) => void): Dealer {
    let hangups = 0
    const failed = (failure: HandshakeFailure) => {
      if (failure === 'denied') this.#end(denied())
      // A server that cannot read what was encrypted for another one hangs up without a word.
      else if (failure === 'security' || ++hangups >= HANGUPS) this.#end(wrongHub())
    }
    return createDealerSocket(
      { address, curve: this.#options.curve, maxFrame: MAX_FRAME },
      {
        connected,
        failed,
        disconnected: () =>
          this.#end(new OnituError('LOST', 'The connection to the hub was lost', { retryable: true })),
        message: (frames) => this.#receive(frames, receive),
      },
    )
  }

  #receive(frames: readonly Buffer[], receive: (frames: readonly Buffer[]) => void): void {
    if (this.#ended !== undefined) return
    this.#heard = performance.now()
    try {
      receive(frames)
    } catch (error) {
      this.#end(isOnituError(error) ? error : new OnituError('PROTOCOL', String(error), { cause: error }))
    }
  }

  #hello(): void {
    const { setup } = this.#options
    this.#hasSaidHello = true
    this.#send(this.#requests, encodeLink(LETTER.hello, { version: PROTOCOL_VERSION, setup }))
  }

  #fromRequests([letter, ...frames]: readonly Buffer[]): void {
    switch (letter?.toString('latin1')) {
      case LETTER.welcome:
        this.#enter(frames[0])
        return
      case LETTER.data:
        deliverToCaller(this.#caller, frames)
        return
      case LETTER.ended:
        this.#end(endOf(frames[0]))
        return
      default:
        // A beat, or something that a later version says.
        return
    }
  }

  #fromHandlers([letter, ...frames]: readonly Buffer[]): void {
    const what = letter?.toString('latin1')
    if (what === LETTER.bound) this.#settleOpening?.resolve()
    else if (what === LETTER.data) deliverToAnswerer(this.#answerer, frames)
  }

  #enter(frame: Buffer | undefined): void {
    const { token, service, heartbeat } = expectBody(decodeLink(welcomeSchema, frame), 'welcome')
    this.service = service
    this.#heartbeat = heartbeat
    this.#silence = SILENT_BEATS * heartbeat
    this.#handlers ??= this.#connect(
      this.#options.handlers,
      () => this.#send(this.#handlers, encodeLink(LETTER.token, { token })),
      (frames) => this.#fromHandlers(frames),
    )
    this.#beat()
  }

  /** On one timer, twice a heartbeat: looks whether the other side is there, and every other time says that this one is. */
  #beat(says = true): void {
    clearTimeout(this.#beats)
    if (this.#ended !== undefined) return
    if (performance.now() - this.#heard > this.#silence) {
      this.#end(new OnituError('LOST', `The hub does not answer at ${this.#options.requests}`, { retryable: true }))
      return
    }
    if (says && this.#hasSaidHello) this.#send(this.#requests, encodeLink(LETTER.beat))
    this.#beats = setTimeout(() => this.#beat(!says), this.#heartbeat / 2)
  }

  #send(socket: Dealer | undefined, frames: readonly Uint8Array[]): void {
    if (this.#ended !== undefined) return
    if (socket?.send(frames) !== true)
      this.#end(new OnituError('LOST', 'There is no connection to the hub', { retryable: true }))
  }

  #end(error: OnituError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    clearTimeout(this.#beats)
    this.#requests?.close(LINGER)
    this.#handlers?.close()
    this.#caller.close(error)
    this.#answerer.close(error)
    this.#settleOpening?.reject(error)
    this.#setEnded(error)
  }
}

function endOf(frame: Buffer | undefined): OnituError {
  return fromWireError(decodeLink(endedSchema, frame) ?? {})
}

function expectBody<T>(body: T | undefined, what: string): T {
  if (body !== undefined) return body
  throw new OnituError('PROTOCOL', `The hub sent a ${what} that cannot be read: is it of the same version?`)
}

function denied(): OnituError {
  return new OnituError(
    'ACCESS_DENIED',
    'The hub does not know the key of this client: on the hub, `onitu keys authorize FILE --service NAME`',
    { retryable: true },
  )
}

function wrongHub(): OnituError {
  return new OnituError(
    'WRONG_HUB',
    'The hub has another key than the one in the setup, or is none: compare the server key with what the hub shows',
    { retryable: true },
  )
}
