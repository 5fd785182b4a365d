import { giveBackWhenSent } from '@onitu/escalator/messaging'
import { ipcAddress, nameProblem, OnituError } from '@onitu/protocol'
import {
  decodeError,
  encodeError,
  HUB_HEARTBEAT,
  HUB_LETTER,
  HUB_SILENCE,
  hubFrames,
  type Lane,
  laneOf,
} from '../wire/hub-messages.ts'
import { Front } from './front.ts'

export interface ServicesOptions {
  /** Directory of the session's sockets. */
  readonly runtime: string
  /** ms that only go forward. */
  readonly now: () => number
  readonly data: (session: string, lane: Lane, frames: readonly Uint8Array[]) => void
  /** The process has dealt with so many bytes of data. */
  readonly taken: (session: string, bytes: number) => void
  /** The process ends a session. */
  readonly ended: (session: string, error: OnituError) => void
  /** The process of a service is there no more, or another one now. */
  readonly gone: (service: string) => void
  readonly dropped: (why: string) => void
}

interface Registered {
  readonly service: string
  heard: number
}

const SESSION_SIZE = 8

/** The processes of the remote services, which find Majordomo at a socket of the session. */
export class Services {
  readonly #options: ServicesOptions
  readonly #front: Front
  #processes = new Map<string, Registered>()
  #peers = new Map<string, string>()
  #waiting = new Set<() => void>()
  #check: NodeJS.Timeout

  constructor(options: ServicesOptions) {
    this.#options = options
    this.#front = new Front({
      address: ipcAddress(options.runtime, 'majordomo'),
      receive: (peer, frames) => this.#receive(peer, frames),
      gone: (peer) => this.#forget(peer),
    })
    this.#check = setInterval(() => this.#forgetSilent(), HUB_HEARTBEAT).unref()
  }

  bind(): Promise<void> {
    return this.#front.bind()
  }

  /** Resolves when the process of the service is there. @throws OnituError `SERVICE_NOT_RUNNING` after `timeout` ms */
  async registered(service: string, timeout: number): Promise<void> {
    const until = performance.now() + timeout
    while (!this.#peers.has(service)) {
      const left = until - performance.now()
      if (left <= 0)
        throw new OnituError('SERVICE_NOT_RUNNING', `The service ${service} does not run on the hub`, {
          retryable: true,
        })
      await this.#changed(left)
    }
  }

  opened(service: string, session: string): void {
    this.#send(service, [HUB_LETTER.opened, Buffer.from(session, 'latin1')])
  }

  ended(service: string, session: string, error: OnituError): void {
    this.#send(service, [HUB_LETTER.ended, Buffer.from(session, 'latin1'), encodeError(error)])
  }

  /** The frames are needed for nothing else. */
  forward(service: string, session: string, lane: Lane, frames: readonly Uint8Array[]): void {
    for (const frame of frames) giveBackWhenSent(frame)
    this.#send(service, [HUB_LETTER.data, Buffer.from(session, 'latin1'), lane, ...frames])
  }

  async close(): Promise<void> {
    clearInterval(this.#check)
    for (const wake of this.#waiting) wake()
    await this.#front.close()
  }

  #send(service: string, frames: readonly (string | Uint8Array)[]): void {
    const peer = this.#peers.get(service)
    if (peer !== undefined) this.#front.send(peer, hubFrames(frames))
  }

  #receive(peer: string, [letter, ...frames]: readonly Buffer[]): void {
    const what = letter?.toString('latin1')
    if (what === HUB_LETTER.register) {
      this.#register(peer, frames[0])
      return
    }
    const registered = this.#processes.get(peer)
    if (registered === undefined) {
      this.#options.dropped('a process that has not said which service it is')
      return
    }
    registered.heard = this.#options.now()
    if (what === HUB_LETTER.beat) {
      this.#front.send(peer, hubFrames([HUB_LETTER.beat]))
      return
    }
    if (what === HUB_LETTER.leave) {
      this.#forget(peer)
      return
    }
    const [id, ...rest] = frames
    if (id?.byteLength !== SESSION_SIZE) {
      this.#options.dropped('a message about no session')
      return
    }
    this.#about(id.toString('latin1'), what, rest)
  }

  #about(session: string, what: string | undefined, frames: readonly Buffer[]): void {
    const { data, taken, ended, dropped } = this.#options
    const [first, ...rest] = frames
    if (what === HUB_LETTER.data) {
      const lane = laneOf(first)
      if (lane === undefined) dropped('a message on no lane')
      else {
        for (const frame of rest) giveBackWhenSent(frame)
        data(session, lane, rest)
      }
    } else if (what === HUB_LETTER.taken && first?.byteLength === 4) taken(session, first.readUInt32BE())
    else if (what === HUB_LETTER.ended) ended(session, decodeError(first))
    else dropped('a message of an unknown type')
  }

  #register(peer: string, name: Buffer | undefined): void {
    const service = name?.toString() ?? ''
    if (nameProblem(service) !== undefined) {
      this.#options.dropped('a service without a name')
      return
    }
    const before = this.#peers.get(service)
    if (before !== undefined && before !== peer) this.#forget(before)
    this.#processes.set(peer, { service, heard: this.#options.now() })
    this.#peers.set(service, peer)
    this.#front.send(peer, hubFrames([HUB_LETTER.beat]))
    for (const wake of this.#waiting) wake()
  }

  #forget(peer: string): void {
    const registered = this.#processes.get(peer)
    if (registered === undefined) return
    this.#processes.delete(peer)
    if (this.#peers.get(registered.service) === peer) this.#peers.delete(registered.service)
    this.#options.gone(registered.service)
  }

  #forgetSilent(): void {
    const now = this.#options.now()
    for (const [peer, { heard }] of this.#processes) if (now - heard > HUB_SILENCE) this.#forget(peer)
  }

  #changed(timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, timeout)
      this.#waiting.add(wake)
    })
  }
}
