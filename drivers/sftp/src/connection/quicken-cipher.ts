import { type CipherGCMTypes, createCipheriv, randomFillSync } from 'node:crypto'
import type { Client } from 'ssh2'

/** Bytes of a payload from which on a packet is made in memory that is used again: contents, which are sent at once. A login may sign a packet first. */
const LARGE = 16 * 1024
/** A packet of SSH has 35,000 bytes at most. */
const PACKET = 36 * 1024
const BLOCK = 16
/** The length of a packet, and that of its padding. */
const HEAD = 5
/** Random bytes that are made at once. */
const RANDOM = 16 * 1024

/** What ssh2 1.x keeps of AES in GCM for what it sends, where it has no addon of its own (and it has none that is prebuilt). */
interface GcmCipher {
  outSeqno: number
  readonly _dead: boolean
  readonly _encSSLName: CipherGCMTypes
  readonly _encKey: Buffer
  /** Belongs to it; its last 8 bytes count packets. */
  readonly _encIV: Buffer
  readonly _onWrite: (piece: Buffer) => void
  allocPacket(length: number): Buffer
  encrypt(packet: Buffer): void
}

/**
 * Makes packets cheaper: a quarter of what it costs ssh2 to send a large content. The memory of large ones is used again, for what is encrypted is in memory of its
 * own, and padding is taken from many random bytes that were made at once. All of it is left to ssh2 where it has another cipher or is another ssh2. For each
 * exchange of keys: each gives a new cipher.
 */
export function quickenCipher(client: Client): void {
  const cipher = cipherOf(client)
  if (cipher === undefined) return
  const reused = Buffer.allocUnsafeSlow(PACKET)
  const random = new RandomBytes()
  cipher.allocPacket = (length) => {
    // RFC 4253, 6: at least 4 bytes, so that all but the length is whole blocks (RFC 5647, 7.2).
    const missing = BLOCK - ((1 + length) % BLOCK)
    const padding = missing < 4 ? missing + BLOCK : missing
    const size = HEAD + length + padding
    const packet = length < LARGE || size > PACKET ? Buffer.allocUnsafe(size) : reused.subarray(0, size)
    packet.writeUInt32BE(size - 4, 0)
    packet[4] = padding
    random.fill(packet, HEAD + length)
    return packet
  }
  cipher.encrypt = (packet) => {
    if (cipher._dead) return
    const gcm = createCipheriv(cipher._encSSLName, cipher._encKey, cipher._encIV)
    const length = Buffer.from(packet.subarray(0, 4))
    gcm.setAAD(length)
    cipher._onWrite(length)
    cipher._onWrite(gcm.update(packet.subarray(4)))
    gcm.final()
    cipher._onWrite(gcm.getAuthTag())
    increment(cipher._encIV)
    cipher.outSeqno = (cipher.outSeqno + 1) >>> 0
  }
}

/** Random bytes, each given once. */
class RandomBytes {
  readonly #bytes = Buffer.allocUnsafeSlow(RANDOM)
  #used = RANDOM

  fill(target: Buffer, from: number): void {
    const size = target.byteLength - from
    if (this.#used + size > RANDOM) {
      randomFillSync(this.#bytes)
      this.#used = 0
    }
    this.#bytes.copy(target, from, this.#used, this.#used + size)
    this.#used += size
  }
}

/** RFC 5647, 7.1: the invocation counter. */
function increment(iv: Buffer): void {
  for (let at = iv.byteLength - 1; at >= 4; at--) {
    const next = ((iv[at] ?? 0) + 1) & 0xff
    iv[at] = next
    if (next !== 0) return
  }
}

function cipherOf(client: Client): GcmCipher | undefined {
  const protocol: unknown = Reflect.get(client, '_protocol')
  const cipher: unknown = isObject(protocol) ? protocol._cipher : undefined
  return isGcm(cipher) ? cipher : undefined
}

function isGcm(cipher: unknown): cipher is GcmCipher {
  return (
    isObject(cipher) &&
    typeof cipher.outSeqno === 'number' &&
    typeof cipher._encSSLName === 'string' &&
    /^(aes-?(128|256)|id-aes(128|256))-gcm$/i.test(cipher._encSSLName) &&
    Buffer.isBuffer(cipher._encKey) &&
    Buffer.isBuffer(cipher._encIV) &&
    cipher._encIV.byteLength === 12 &&
    typeof cipher._onWrite === 'function' &&
    typeof cipher.allocPacket === 'function' &&
    typeof cipher.encrypt === 'function'
  )
}

function isObject(value: unknown): value is Partial<Record<keyof GcmCipher | '_cipher', unknown>> {
  return typeof value === 'object' && value !== null
}
