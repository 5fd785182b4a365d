import { decode, encode, type WireError } from '@onitu/protocol'
import * as v from 'valibot'
import { type ClientSetup, clientSetupSchema } from '../setup/client-setup.ts'

/*
 * What passes between a client and Majordomo. The first frame of a message is one letter that says what follows: one frame
 * of msgpack, or, for DATA, whatever the client and the process of its service say to each other.
 */
export const LETTER = {
  /** Client: the version, and what I want to be. Who it is the connection has proved. */
  hello: 'H',
  /** Hub: come in, with a token for the second port. */
  welcome: 'W',
  /** Client, on the second port: the token. */
  token: 'T',
  /** Hub, on the second port: both are one connection now. */
  bound: 'O',
  /** Both, on the first port. */
  beat: 'B',
  /** Client: I am leaving. */
  bye: 'X',
  /** Hub: this is over, and why. */
  ended: 'E',
  data: 'D',
} as const

export const PROTOCOL_VERSION = 2

const bytes = (size: number) =>
  v.pipe(
    v.instance(Uint8Array),
    v.check((value) => value.byteLength === size, `Expected ${size} bytes`),
  )

const helloSchema = v.object({ version: v.pipe(v.number(), v.integer()), setup: v.unknown() })
export const welcomeSchema = v.object({
  token: bytes(32),
  service: v.string(),
  /** ms */
  heartbeat: v.pipe(v.number(), v.minValue(1)),
})
export const tokenSchema = v.object({ token: bytes(32) })
/** See WireError. */
export const endedSchema = v.object({ code: v.string(), message: v.string(), retryable: v.boolean() })

export function encodeLink(letter: string, body?: unknown): Uint8Array[] {
  const frames = [Buffer.from(letter)]
  return body === undefined ? frames : [...frames, encode(body) as Buffer]
}

export function encodeEnded({ code, message, retryable }: Omit<WireError, 'details'>): Uint8Array[] {
  return encodeLink(LETTER.ended, { code, message, retryable })
}

/** Undefined when the body does not fit. */
export function decodeLink<const S extends v.GenericSchema>(
  schema: S,
  frame: Uint8Array | undefined,
): v.InferOutput<S> | undefined {
  if (frame === undefined || frame.byteLength > MAX_BODY) return undefined
  try {
    const result = v.safeParse(schema, decode(frame), { abortEarly: true })
    return result.success ? result.output : undefined
  } catch (error) {
    // Not msgpack, or nested so deep that nothing can be said about it: all the same to who reads it.
    if (error instanceof Error) return undefined
    throw error
  }
}

export interface Hello {
  readonly version: number
  /** Undefined when it is none, at least of this version. */
  readonly setup: ClientSetup | undefined
}

/** Undefined when it is none of any version. */
export function decodeHello(frame: Uint8Array | undefined): Hello | undefined {
  const hello = decodeLink(helloSchema, frame)
  const setup = v.safeParse(clientSetupSchema, hello?.setup, { abortEarly: true })
  return hello && { version: hello.version, setup: setup.success ? setup.output : undefined }
}

/** Bytes: a setup of many folders and rules, not more. */
const MAX_BODY = 1024 * 1024
