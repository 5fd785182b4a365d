import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { generateKeyPair } from '@onitu/escalator/messaging'
import { Dealer } from 'zeromq'
import { curveOptions } from '../../packages/majordomo/test/support/curve-options.ts'

type Frames = readonly Uint8Array[]

/** ms that a stranger waits to be hung up on. Some are not: those that say nothing more are borne for some seconds. */
const PATIENCE = 50
/** The largest frame that would be taken from somebody who may speak, in bytes. */
const LARGE_FRAME = 33 * 1024 * 1024
const SIGNATURE = Buffer.from('ff00000000000000017f', 'hex')

/** Ways to come to a port without a good key: `frames` are what is said. Each resolves when the connection is over. */
export const strangers: Readonly<Record<string, (port: number, serverKey: string, frames: Frames) => Promise<void>>> = {
  'bytes that mean nothing': (port, _, frames) => pour(port, frames),
  'a request of a browser': (port, _, frames) =>
    pour(port, [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), ...frames]),
  'half a greeting': (port, _, frames) => pour(port, [SIGNATURE.subarray(0, 9), ...frames]),
  'a greeting without keys': (port, _, frames) => pour(port, [greeting('NULL'), ready(), ...frames.map(framed)]),
  'a greeting with a password': (port, _, frames) => pour(port, [greeting('PLAIN'), ...frames.map(framed)]),
  'a greeting, then another protocol': (port, _, frames) => pour(port, [greeting('CURVE'), ...frames]),
  'the first words of a handshake, made up': (port, _, frames) =>
    pour(port, [greeting('CURVE'), hello(), ...frames.map(framed)]),
  'a frame that is announced and never ends': (port, _, frames) =>
    pour(port, [greeting('CURVE'), announced(LARGE_FRAME), ...frames]),
  'a frame without end': (port, _, frames) => pour(port, [greeting('CURVE'), announced(2 ** 52), ...frames]),
  'another key': (port, serverKey, frames) =>
    say(port, frames, curveOptions({ serverKey, secretKey: generateKeyPair().secretKey })),
  'another key, and another one expected of the hub': (port, _, frames) =>
    say(port, frames, curveOptions({ serverKey: generateKeyPair().publicKey, ...generateKeyPair() })),
  'no key': (port, _, frames) => say(port, frames, {}),
}

/** Connections that begin the handshake and say nothing more. */
export async function openHalf(port: number, count: number): Promise<{ close(): void }> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(port)))
  for (const socket of sockets) socket.write(greeting('CURVE'))
  return {
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Connections that each announce a frame of that many bytes and send all of it but the last one, as far as they are let. */
export async function openLarge(port: number, count: number, size: number): Promise<{ close(): void }> {
  const words = [greeting('CURVE'), announced(size), Buffer.alloc(size - 1)]
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  const over = sockets.map(async (socket) => {
    // Being hung up on, or not let in at all, is what is expected.
    const closed = new Promise((resolve) => socket.on('error', resolve).on('close', resolve))
    socket.resume()
    const written = words.map((bytes) => new Promise((resolve) => socket.write(bytes, resolve)))
    await Promise.race([closed, Promise.all(written)])
  })
  await Promise.all(over)
  return {
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  // Being hung up on while it speaks is what is expected.
  socket.on('error', () => undefined)
  socket.resume()
  await once(socket, 'connect')
  return socket
}

async function pour(port: number, frames: Frames): Promise<void> {
  const socket = await open(port)
  for (const frame of frames) socket.write(frame)
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    setTimeout(() => socket.destroy(), PATIENCE)
  })
}

/** Over a socket of ZeroMQ, which keeps the frames until somebody takes them. */
async function say(port: number, frames: Frames, options: object): Promise<void> {
  const socket = new Dealer({ ...options, linger: 0, sendTimeout: 0, sendHighWaterMark: 0 })
  try {
    socket.connect(`tcp://127.0.0.1:${port}`)
    for (const frame of frames) await socket.send(frame)
    await new Promise((resolve) => setTimeout(resolve, PATIENCE))
  } catch (error) {
    // Once the other side has refused it nothing is taken any more.
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
  } finally {
    socket.close()
  }
}

/** RFC 37: signature, version 3.0, mechanism, not a server, filler. */
function greeting(mechanism: string): Buffer {
  return Buffer.concat([SIGNATURE, Buffer.from([3, 0]), Buffer.from(mechanism.padEnd(20, '\0')), Buffer.alloc(32)])
}

function ready(): Buffer {
  const body = Buffer.from('\x05READY\x0bSocket-Type\0\0\0\x06DEALER')
  return Buffer.concat([Buffer.from([4, body.length]), body])
}

/** RFC 26: as long as it must be, encrypted for nobody. */
function hello(): Buffer {
  return Buffer.concat([Buffer.from([4, 200]), Buffer.from('\x05HELLO\x01\0'), Buffer.alloc(72), randomBytes(120)])
}

function framed(frame: Uint8Array): Buffer {
  return Buffer.concat([announced(frame.byteLength), frame])
}

function announced(size: number): Buffer {
  const header = Buffer.alloc(9)
  header[0] = 6
  header.writeBigUInt64BE(BigInt(size), 1)
  return header
}
