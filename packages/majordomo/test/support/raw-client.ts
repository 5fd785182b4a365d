import { connect, type Socket } from 'node:net'
import type { KeyPair } from '@onitu/escalator/messaging'
import { decodeKey } from '../../../escalator/src/messaging/z85.ts'
import { CurveClient } from '../../../escalator/src/zmtp/curve/curve-client.ts'
import { keyPairOf } from '../../../escalator/src/zmtp/curve/x25519.ts'
import { FrameReader, MORE, packCommandFrame, packFrames } from '../../../escalator/src/zmtp/frames.ts'
import { makeGreeting } from '../../../escalator/src/zmtp/greeting.ts'
import type { FrameCipher } from '../../../escalator/src/zmtp/mechanism.ts'

/** A connection with a good key that sends frame by frame whatever it likes, of messages that need not end. */
export class RawClient {
  readonly #socket: Socket
  readonly #cipher: FrameCipher
  /** Resolves when the hub has hung up. */
  readonly closed: Promise<unknown>

  private constructor(socket: Socket, cipher: FrameCipher) {
    this.#socket = socket
    this.#cipher = cipher
    this.closed = new Promise((resolve) => socket.once('close', resolve))
  }

  static async connect(port: number, keys: KeyPair, serverKey: string): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1')
    // Being hung up on is what is expected.
    socket.on('error', () => undefined)
    const client = new CurveClient({
      keys: keyPairOf(bytes(keys.secretKey)),
      serverKey: bytes(serverKey),
      own: { socketType: 'DEALER', identity: Buffer.alloc(0) },
    })
    socket.write(Buffer.concat([makeGreeting('CURVE'), packCommandFrame(client.begin() ?? Buffer.alloc(0))]))
    const cipher = await new Promise<FrameCipher | undefined>((resolve, reject) => {
      let greeting = 64
      let isAgreed = false
      const reader = new FrameReader(4096, (_flags, body) => {
        if (isAgreed) return
        const step = client.take(body)
        if (step.type === 'failed') reject(new Error(step.failure.reason))
        else if (step.reply !== undefined) socket.write(packCommandFrame(step.reply))
        if (step.type !== 'agreed') return
        isAgreed = true
        resolve(step.cipher)
      })
      socket.on('data', (chunk: Buffer) => {
        const rest = chunk.subarray(Math.min(greeting, chunk.byteLength))
        greeting -= chunk.byteLength - rest.byteLength
        if (!isAgreed) reader.push(rest)
      })
      socket.once('close', () => reject(new Error('The hub has hung up')))
    })
    if (cipher === undefined) throw new Error('There is no cipher')
    return new RawClient(socket, cipher)
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  /** One frame, behind which another one follows unless it is the last. False: the hub has hung up. */
  async send(frame: Uint8Array, isLast = false): Promise<boolean> {
    if (!this.isOpen) return false
    for (const piece of packFrames([this.#cipher.seal(isLast ? 0 : MORE, frame)])) this.#socket.write(piece)
    // Not before others had their turn, who may live in this process.
    await new Promise(setImmediate)
    if (this.#socket.writableNeedDrain)
      await Promise.race([new Promise((resolve) => this.#socket.once('drain', resolve)), this.closed])
    return this.isOpen
  }

  close(): void {
    this.#socket.destroy()
  }
}

function bytes(key: string): Uint8Array {
  const decoded = decodeKey(key)
  if (decoded === undefined) throw new TypeError('A key is none')
  return decoded
}
