import type { Candidate } from './authenticator.ts'
import { encodeKey } from './z85.ts'

/** A request of libzmq to its authentication handler (ZeroMQ RFC 27). */
export interface ZapRequest {
  /** The frames that lead the reply back, with the empty one that ends them. */
  readonly envelope: readonly Uint8Array[]
  readonly id: Uint8Array
  readonly domain: string
  /** Undefined: the client did not prove a key (another mechanism than CURVE). */
  readonly candidate: Candidate | undefined
}

const VERSION = '1.0'
const KEY_BYTES = 32

/** Undefined when it is none that could be answered. */
export function parseZapRequest(frames: readonly Buffer[]): ZapRequest | undefined {
  const end = frames.findIndex((frame, index) => index > 0 && frame.byteLength === 0)
  const [version, id, domain, address, _identity, mechanism, key] = frames.slice(end + 1)
  if (end === -1 || id === undefined || version?.toString() !== VERSION) return undefined
  const proven = mechanism?.toString() === 'CURVE' && key?.byteLength === KEY_BYTES ? key : undefined
  return {
    envelope: frames.slice(0, end + 1),
    id,
    domain: domain?.toString() ?? '',
    candidate: proven && { publicKey: encodeKey(proven), address: address?.toString() ?? '' },
  }
}

/** 400 is final: libzmq tells the client, which does not try again by itself. The text is not shown to it. */
export function zapReply({ envelope, id }: ZapRequest, allowed: boolean): (string | Uint8Array)[] {
  const [code, text] = allowed ? ['200', 'OK'] : ['400', 'This key is not allowed']
  return [...envelope, VERSION, id, code, text, '', '']
}
