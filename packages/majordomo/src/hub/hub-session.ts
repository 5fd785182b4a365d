import { isOnituError, OnituError } from '@onitu/protocol'
import { Answerer, type IncomingCall } from '../rpc/answerer.ts'
import { type Answer, Caller, type CallOptions } from '../rpc/caller.ts'
import { deliverToAnswerer, deliverToCaller } from '../rpc/deliver.ts'
import { LANE, type Lane } from '../wire/hub-messages.ts'

export interface HubSessionOptions {
  readonly id: Buffer
  readonly send: (lane: Lane, frames: readonly Uint8Array[]) => void
  /** The client does what it may not: Majordomo cuts it off. */
  readonly fail: (error: OnituError) => void
}

type Handle = (call: IncomingCall) => Promise<unknown>

/** One connection of the client, seen from the process of its service: its handlers are called, and what it calls is answered. */
export class HubSession {
  readonly id: Buffer
  readonly #options: HubSessionOptions
  readonly #caller: Caller
  readonly #answerer: Answerer
  #handle: Handle | undefined
  #ended: OnituError | undefined
  #onEnd: ((error: OnituError) => void)[] = []

  constructor(options: HubSessionOptions) {
    this.id = options.id
    this.#options = options
    this.#caller = new Caller((frames) => options.send(LANE.handlers, frames))
    this.#answerer = new Answerer({
      send: (frames) => options.send(LANE.requests, frames),
      handle: (call) => this.#answer(call),
      exceeded: (error) => options.fail(error),
    })
  }

  /** Calls a handler of the client. @throws what it threw; why the session has ended */
  call(handler: string, args: unknown, options?: CallOptions): Promise<Answer> {
    return this.#caller.call(handler, args, options)
  }

  /** What answers the client. To be set at once. */
  serve(handle: Handle): void {
    this.#handle = handle
  }

  /** Called once; at once when it is over already. */
  onEnd(listener: (error: OnituError) => void): void {
    if (this.#ended === undefined) this.#onEnd.push(listener)
    else listener(this.#ended)
  }

  receive(lane: Lane, frames: readonly Uint8Array[]): void {
    if (this.#ended !== undefined) return
    try {
      if (lane === LANE.handlers) deliverToCaller(this.#caller, frames)
      else deliverToAnswerer(this.#answerer, frames)
    } catch (error) {
      this.#options.fail(
        isOnituError(error) ? error : new OnituError('PROTOCOL', `A message cannot be read: ${String(error)}`),
      )
    }
  }

  /** Cuts the client off. */
  fail(error: OnituError): void {
    this.#options.fail(error)
  }

  end(error: OnituError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    const away = awayError(error)
    this.#caller.close(away)
    this.#answerer.close(away)
    for (const listener of this.#onEnd.splice(0)) listener(error)
  }

  #answer(call: IncomingCall): Promise<unknown> {
    if (this.#handle === undefined)
      throw new OnituError('REMOTE_STARTING', 'The service is starting', { retryable: true })
    return this.#handle(call)
  }
}

/** Whatever became of the client, another one may come: what was asked of it is worth asking again. */
function awayError(cause: OnituError): OnituError {
  return new OnituError('REMOTE_AWAY', `The client of the service is away: ${cause.message}`, {
    cause,
    retryable: true,
  })
}
