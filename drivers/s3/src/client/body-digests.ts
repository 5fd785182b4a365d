import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'

export interface BodyDigests {
  /** For the service to check, in base64. */
  readonly md5: string
  /** For the signature, in hex. Over TLS the body needs no proof of its own in there. */
  readonly sha256: string
}

/** Bytes that are hashed in one go: 2 ms. */
const PIECE = 1024 * 1024

/**
 * Hashed where it is: other threads (SubtleCrypto) are given a copy, and for a part of some MiB in memory that the system has to clear first, which cost four times
 * as much as to hash it. Others get their turn in between.
 */
export async function bodyDigests(body: Uint8Array, isSigned: boolean): Promise<BodyDigests> {
  const md5 = createHash('md5')
  const sha256 = isSigned ? createHash('sha256') : undefined
  for (let at = 0; at < body.byteLength; at += PIECE) {
    if (at > 0) await nextTurn()
    const piece = body.subarray(at, at + PIECE)
    md5.update(piece)
    sha256?.update(piece)
  }
  return { md5: md5.digest('base64'), sha256: sha256?.digest('hex') ?? 'UNSIGNED-PAYLOAD' }
}
