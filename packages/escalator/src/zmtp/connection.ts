import type { OnReadOpts, Socket } from 'node:net'
import { afterSending } from './bodies.ts'
import { packPing, packPong, packReady, parseCommand, parseReady, type Ready } from './commands.ts'
import { COMMAND, FrameError, FrameReader, MORE, packCommandFrame, packMessage } from './frames.ts'
import { GREETING_SIZE, greeting, greetingProblem } from './greeting.ts'

export interface ConnectionOptions {
  /** What this end says of itself, and what the other end has to be. */
  readonly ready: Ready
  readonly peerType: string
  /** Bytes. */
  readonly maxFrame: number
  /** How often to ask a silent peer for a sign of life, and how long to wait for one, in ms. Default: it is not asked. */
  readonly heartbeat?: { readonly interval: number; readonly timeout: number }
}

export interface ConnectionEvents {
  /** Both sides have agreed. */
  readonly ready: (peer: Ready) => void
  readonly message: (frames: Buffer[]) => void
  /** Once. `problem`: the two sides did not agree; undefined: it was lost, or closed here. */
  readonly closed: (problem: string | undefined) => void
}

/** What an honest peer needs to say hello, in ms. */
const HANDSHAKE = 10_000
/** Bytes of one read where no frame has begun. */
const COMMON = 64 * 1024
/** Frames of one message. */
const MAX_FRAMES = 1_024

/** One connection of ZMTP 3 over a stream, from its beginning to its end. */
export class Connection {
  #socket: Socket
  #options: ConnectionOptions
  #events: ConnectionEvents
  #greeting: Buffer | undefined = Buffer.alloc(0)
  #reader: FrameReader
  #frames: Buffer[] = []
  #peer: Ready | undefined
  #problem: string | undefined
  #handshake: NodeJS.Timeout
  #heartbeat: NodeJS.Timeout | undefined
  #heard = 0
  #closed = false

  /** `open`: makes a socket that reads where it is told, so that large frames are not copied. */
  constructor(open: Socket | ((onread: OnReadOpts) => Socket), options: ConnectionOptions, events: ConnectionEvents) {
    this.#options = options
    this.#events = events
    this.#reader = new FrameReader(options.maxFrame, (flags, body) => this.#take(flags, body))
    const socket = typeof open === 'function' ? open(this.#reading()) : open
    this.#socket = socket
    this.#handshake = setTimeout(() => this.#fail('it did not say hello in time'), HANDSHAKE)
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // It is followed by 'close', and no sentence of the system adds to that.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#end())
    socket.write(greeting)
  }

  /** False when there is no connection that takes it. Frames are not copied when they are large. */
  send(frames: readonly Uint8Array[]): boolean {
    if (this.#peer === undefined || !this.#socket.writable) return false
    const pieces = packMessage(frames)
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
      if (rest !== undefined && !this.#socket.destroyed) this.#reader.push(rest)
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
    const bytes = Buffer.concat([this.#greeting ?? Buffer.alloc(0), chunk])
    this.#greeting = bytes
    // A stranger need not say 64 bytes before it is found out.
    if (bytes[0] !== 0xff) this.#fail('it does not speak ZeroMQ')
    if (bytes.byteLength < GREETING_SIZE) return undefined
    this.#greeting = undefined
    const problem = greetingProblem(bytes)
    if (problem !== undefined) this.#fail(problem)
    else this.#socket.write(packCommandFrame(packReady(this.#options.ready)))
    return bytes.subarray(GREETING_SIZE)
  }

  #take(flags: number, body: Buffer): void {
    if (this.#socket.destroyed) return
    if (this.#peer === undefined) this.#agree(flags, body)
    else if ((flags & COMMAND) !== 0) this.#obey(body)
    else {
      this.#frames.push(body)
      if ((flags & MORE) !== 0) {
        if (this.#frames.length >= MAX_FRAMES) this.#fail(`a message has more than ${MAX_FRAMES} frames`)
        return
      }
      const frames = this.#frames
      this.#frames = []
      this.#events.message(frames)
    }
  }

  #agree(flags: number, body: Buffer): void {
    const peer = (flags & COMMAND) !== 0 ? parseReady(body) : undefined
    if (peer === undefined || peer.socketType !== this.#options.peerType) {
      this.#fail(`it is not a ${this.#options.peerType}`)
      return
    }
    clearTimeout(this.#handshake)
    this.#peer = peer
    this.#startHeartbeat()
    this.#events.ready(peer)
  }

  #obey(body: Buffer): void {
    const command = parseCommand(body)
    if (command?.name === 'PING') this.#socket.write(packCommandFrame(packPong(command.data)))
  }

  #startHeartbeat(): void {
    const { heartbeat } = this.#options
    if (heartbeat === undefined) return
    const ping = packCommandFrame(packPing())
    this.#heartbeat = setInterval(() => {
      const silence = performance.now() - this.#heard
      if (silence > heartbeat.timeout) this.#socket.destroy()
      else if (silence >= heartbeat.interval / 2) this.#socket.write(ping)
    }, heartbeat.interval).unref()
  }

  #fail(problem: string): void {
    this.#problem ??= problem
    this.#socket.destroy()
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#handshake)
    clearInterval(this.#heartbeat)
    this.#events.closed(this.#problem)
  }
}
