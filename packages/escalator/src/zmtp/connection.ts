import type { OnReadOpts, Socket } from 'node:net'
import { afterSending, giveBackWhenSent } from './bodies.ts'
import { packPing, packPong, parseCommand, type Ready } from './commands.ts'
import { COMMAND, FrameError, FrameReader, MORE, packCommandFrame, packFrames, packMessage } from './frames.ts'
import { GREETING_SIZE, greetingProblem, makeGreeting } from './greeting.ts'
import type { Failure, FrameCipher, Mechanism } from './mechanism.ts'

export interface ConnectionOptions {
  readonly mechanism: Mechanism
  /** What the other end has to be. */
  readonly peerType: string
  /** Bytes. */
  readonly maxFrame: number
  /** Bytes of one message. Default: as many as its frames may have. */
  readonly maxMessage?: number
  /** Bytes that may wait to leave; with more nothing is taken any more. Default: any number. */
  readonly maxUnsent?: number
  /** How often to ask a silent peer for a sign of life, and how long to wait for one, in ms. Default: it is not asked. */
  readonly heartbeat?: { readonly interval: number; readonly timeout: number }
}

export interface ConnectionEvents {
  /** Both sides have agreed. */
  readonly ready: (peer: Ready) => void
  readonly message: (frames: Buffer[]) => void
  /** Once. `failure`: the two sides did not agree; undefined: it was lost, or closed here. */
  readonly closed: (failure: Failure | undefined) => void
}

/** What an honest peer needs to say hello, in ms. */
const HANDSHAKE = 10_000
/** Bytes of what is said until both have agreed: a stranger can have no more of this end's memory. */
const HANDSHAKE_FRAME = 4 * 1024
/** Bytes of one read where no frame has begun. */
const COMMON = 64 * 1024
/** Frames of one message. */
const MAX_FRAMES = 1_024
/** Signs of life that an end may ask for in a second: a flood of them would be work, and answers that nobody reads. */
const MAX_PINGS = 100
/** ms for the last words to somebody who is not let in. */
const LAST_WORDS = 1_000

/** One connection of ZMTP 3 over a stream, from its beginning to its end. */
export class Connection {
  #socket: Socket
  #options: ConnectionOptions
  #events: ConnectionEvents
  #greeting: Buffer | undefined = Buffer.alloc(0)
  #reader: FrameReader
  #cipher: FrameCipher | undefined
  #frames: Buffer[] = []
  #bytes = 0
  #peer: Ready | undefined
  #failure: Failure | undefined
  #handshake: NodeJS.Timeout
  #heartbeat: NodeJS.Timeout | undefined
  #heard = 0
  #pings = { since: 0, count: 0 }
  #closed = false

  /** `open`: makes a socket that reads where it is told, so that large frames are not copied. */
  constructor(open: Socket | ((onread: OnReadOpts) => Socket), options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options
    this.#events = events
    this.#reader = new FrameReader(HANDSHAKE_FRAME, (flags, body) => this.#take(flags, body))
    const socket = typeof open === 'function' ? open(this.#reading()) : open
    this.#socket = socket
    // Silence says nothing about what the other end is: it is as good as lost.
    this.#handshake = setTimeout(() => socket.destroy(), HANDSHAKE)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // It is followed by 'close', and no sentence of the system adds to that.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#end())
    const { name, isServer } = options.mechanism
    socket.write(makeGreeting(name, isServer))
  }

  /** The other end has said something. */
  get hasHeard(): boolean {
    return this.#heard > 0
  }

  /** Undefined: both sides have not agreed yet. */
  get peer(): Ready | undefined {
    return this.#peer
  }

  /** False when there is no connection that takes it. Frames are not copied when they are large. */
  send(frames: readonly Uint8Array[]): boolean {
    if (this.#peer === undefined || !this.#socket.writable) return false
    if (this.#socket.writableLength > (this.#options.maxUnsent ?? Number.POSITIVE_INFINITY)) return false
    const pieces = this.#cipher === undefined ? packMessage(frames) : packFrames(sealAll(this.#cipher, frames))
    if (pieces.length === 1) this.#write(pieces)
    else {
      this.#socket.cork()
      this.#write(pieces)
      this.#socket.uncork()
    }
    return true
  }

  /** Nothing more is read until `resume`. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** What was sent before still leaves, for up to so many ms. */
  end(linger: number): void {
    this.#socket.end()
    setTimeout(() => this.#socket.destroy(), linger).unref()
  }

  /** Nothing more leaves. */
  destroy(): void {
    this.#socket.destroy()
  }

  #write(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.#socket.write(piece, afterSending(piece))
  }

  /** Into a frame that has begun, or else into memory for all reads, of which what came is a copy. */
  #reading(): OnReadOpts {
    const common = Buffer.allocUnsafeSlow(COMMON)
    return {
      buffer: () => this.#reader.space ?? common,
      callback: (size, buffer) => {
        if (buffer === common) this.#receive(Buffer.from(common.subarray(0, size)))
        else this.#read(() => this.#reader.filled(size))
        return true
      },
    }
  }

  #receive(chunk: Buffer): void {
    this.#read(() => {
      const rest = this.#greeting === undefined ? chunk : this.#greet(chunk)
      if (rest !== undefined && !this.#isOver) this.#reader.push(rest)
    })
  }

  #read(take: () => void): void {
    this.#heard = performance.now()
    try {
      take()
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#fail(error.message)
    }
  }

  /** Gives what comes behind the greeting. */
  #greet(chunk: Buffer): Buffer | undefined {
    const { mechanism } = this.#options
    const bytes = Buffer.concat([this.#greeting ?? Buffer.alloc(0), chunk])
    this.#greeting = bytes
    // A stranger need not say 64 bytes before it is found out.
    if (bytes[0] !== 0xff) this.#fail('it does not speak ZeroMQ')
    if (bytes.byteLength < GREETING_SIZE) return undefined
    this.#greeting = undefined
    const problem = greetingProblem(bytes, mechanism.name)
    if (problem !== undefined) this.#fail(problem)
    else this.#say(mechanism.begin())
    return bytes.subarray(GREETING_SIZE)
  }

  /** Nothing of the other end is read any more. */
  get #isOver(): boolean {
    return this.#socket.destroyed || this.#failure !== undefined
  }

  #take(flags: number, body: Buffer): void {
    if (this.#isOver) return
    if (this.#peer === undefined) this.#agree(flags, body)
    else if (this.#cipher === undefined) this.#takeFrame(flags, body)
    else {
      const frame = this.#cipher.open(body)
      if (frame === undefined) this.#fail('a frame is not from it, or comes once more')
      else this.#takeFrame(frame.flags, frame.body)
    }
  }

  #takeFrame(flags: number, body: Buffer): void {
    if ((flags & COMMAND) !== 0) {
      this.#obey(body)
      return
    }
    this.#frames.push(body)
    this.#bytes += body.byteLength
    const { maxMessage = Number.POSITIVE_INFINITY } = this.#options
    if (this.#bytes > maxMessage) this.#fail(`a message has more than ${maxMessage} bytes`)
    else if ((flags & MORE) === 0) {
      const frames = this.#frames
      this.#frames = []
      this.#bytes = 0
      this.#events.message(frames)
    } else if (this.#frames.length >= MAX_FRAMES) this.#fail(`a message has more than ${MAX_FRAMES} frames`)
  }

  #agree(flags: number, body: Buffer): void {
    const { mechanism, peerType, maxFrame } = this.#options
    if ((flags & COMMAND) === 0) {
      this.#fail('it sends messages before both have agreed')
      return
    }
    const step = mechanism.take(body)
    const isOther = step.type === 'agreed' && step.peer.socketType !== peerType
    if (isOther) this.#fail(`it is not a ${peerType}`)
    else this.#say(step.reply)
    if (step.type === 'failed') this.#refuse(step.failure)
    if (step.type !== 'agreed' || isOther) return
    clearTimeout(this.#handshake)
    this.#peer = step.peer
    this.#cipher = step.cipher
    this.#reader.maxFrame = maxFrame + (this.#cipher?.overhead ?? 0)
    this.#startHeartbeat()
    this.#events.ready(step.peer)
  }

  #obey(body: Buffer): void {
    const command = parseCommand(body)
    if (command?.name !== 'PING') return
    const now = performance.now()
    if (now - this.#pings.since > 1_000) this.#pings = { since: now, count: 0 }
    if (++this.#pings.count > MAX_PINGS) this.#fail('it asks for signs of life without end')
    else this.#command(packPong(command.data))
  }

  #startHeartbeat(): void {
    const { heartbeat } = this.#options
    if (heartbeat === undefined) return
    const ping = packPing()
    this.#heartbeat = setInterval(() => {
      const silence = performance.now() - this.#heard
      if (silence > heartbeat.timeout) this.#socket.destroy()
      else if (silence >= heartbeat.interval / 2) this.#command(ping)
    }, heartbeat.interval).unref()
  }

  /** To the other end itself, once both have agreed. */
  #command(body: Buffer): void {
    if (this.#cipher === undefined) this.#say(body)
    else this.#write(packFrames([this.#cipher.seal(COMMAND, body)]))
  }

  #say(command: Buffer | undefined): void {
    if (command !== undefined) this.#socket.write(packCommandFrame(command))
  }

  #fail(reason: string): void {
    this.#failure ??= { kind: 'security', reason }
    this.#socket.destroy()
  }

  /** With what was said to it before. */
  #refuse(failure: Failure): void {
    this.#failure ??= failure
    if (failure.kind === 'denied') this.end(LAST_WORDS)
    else this.#socket.destroy()
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#handshake)
    clearInterval(this.#heartbeat)
    this.#events.closed(this.#failure)
  }
}

/** What is sealed is a copy: the frames themselves are done with, and the copies once they have left. */
function sealAll(cipher: FrameCipher, frames: readonly Uint8Array[]): readonly Uint8Array[] {
  return frames.map((frame, index) => {
    const sealed = cipher.seal(index < frames.length - 1 ? MORE : 0, frame)
    afterSending(frame)?.()
    giveBackWhenSent(sealed)
    return sealed
  })
}
