import { nonceSizes } from './nonces.ts'
import { BOX_OVERHEAD, secretBox } from './secret-box.ts'
import { KEY_SIZE } from './x25519.ts'

/*
 * The commands of a CURVE handshake (ZeroMQ RFC 26), in the order in which they are said:
 *   HELLO     C>S  version, zeros, the key C' of the client for this connection, box of zeros (C'>S)
 *   WELCOME   S>C  box of the key S' of the server for this connection, and of a cookie (S>C')
 *   INITIATE  C>S  the cookie, box of the key C of the client, what vouches for it, and what the client is (C'>S')
 *   READY     S>C  box of what the server is (S'>C')
 *   MESSAGE        box of flags and a frame, both ways (S'>C', C'>S')
 * What vouches is a box of C' and S (C>S').
 */
export const HELLO = Buffer.from('\x05HELLO\x01\0', 'latin1')
/** As much as the answer, so that nobody can be made to say more than he was told. */
export const HELLO_SIZE = 200
export const HELLO_KEY_AT = 80
export const SIGNATURE_SIZE = 64
export const WELCOME = Buffer.from('\x07WELCOME', 'latin1')
export const INITIATE = Buffer.from('\x08INITIATE', 'latin1')
export const READY = Buffer.from('\x05READY', 'latin1')
export const ERROR = Buffer.from('\x05ERROR', 'latin1')
/** Final: the client does not try again by itself (RFC 27). */
export const DENIED = Buffer.from('\x03400', 'latin1')
export const COOKIE_SIZE = 96
export const VOUCH_SIZE = nonceSizes.long + 2 * KEY_SIZE + BOX_OVERHEAD

/** What the nonces of the boxes begin with. */
export const NONCE = {
  hello: 'CurveZMQHELLO---',
  welcome: 'WELCOME-',
  initiate: 'CurveZMQINITIATE',
  vouch: 'VOUCH---',
  ready: 'CurveZMQREADY---',
  fromClient: 'CurveZMQMESSAGEC',
  fromServer: 'CurveZMQMESSAGES',
} as const

export function sealed(plain: Uint8Array, nonce: Uint8Array, key: Uint8Array): Buffer {
  const target = Buffer.alloc(plain.byteLength + BOX_OVERHEAD)
  secretBox().seal(target, plain, nonce, key)
  return target
}

/** Undefined: it was not made with the key. */
export function opened(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Buffer | undefined {
  const plain = secretBox().open(box, nonce, key)
  return plain && Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
}

export function isCommand(command: Buffer, name: Buffer): boolean {
  return command.subarray(0, name.byteLength).equals(name)
}
