import { lend, takeBody } from '../bodies.ts'
import { COMMAND, MORE } from '../frames.ts'
import type { FrameCipher } from '../mechanism.ts'
import { type NonceCounter, nonceOf, nonceSizes } from './nonces.ts'
import { BOX_OVERHEAD, secretBox } from './secret-box.ts'

/** Before the nonce and the box. */
const NAME = Buffer.from('\x07MESSAGE', 'latin1')
const BOX_AT = NAME.byteLength + nonceSizes.short
const CONTENT_AT = BOX_AT + BOX_OVERHEAD
/** One byte of flags in the box. */
const OVERHEAD = CONTENT_AT + 1
const IN_MORE = 1
const IN_COMMAND = 2

/**
 * Frames in boxes, each a MESSAGE (RFC 26). What is of one message, and what is for the other end itself, is said inside: so nobody on the way can cut or join
 * messages.
 * @param prefixes of the nonces of this end and of the other, of which `own` and `theirs` count the rest, as they stand after the handshake
 */
export function messageCipher(
  key: Uint8Array,
  prefixes: { readonly own: string; readonly theirs: string },
  own: NonceCounter,
  theirs: NonceCounter,
): FrameCipher {
  const box = secretBox()
  return {
    overhead: OVERHEAD,
    seal(flags, body) {
      const sealed = takeBody(body.byteLength + OVERHEAD)
      const end = own.next()
      sealed.set(NAME)
      sealed.set(end, NAME.byteLength)
      // It is put where its box will be, and sealed in place.
      const content = sealed.subarray(CONTENT_AT)
      content[0] = ((flags & MORE) !== 0 ? IN_MORE : 0) | ((flags & COMMAND) !== 0 ? IN_COMMAND : 0)
      content.set(body, 1)
      box.seal(sealed.subarray(BOX_AT), content, nonceOf(prefixes.own, end), key)
      return sealed
    },
    open(body) {
      if (body.byteLength < OVERHEAD || !body.subarray(0, NAME.byteLength).equals(NAME)) return undefined
      const end = body.subarray(NAME.byteLength, BOX_AT)
      if (!theirs.take(end)) return undefined
      const content = box.open(body.subarray(BOX_AT), nonceOf(prefixes.theirs, end), key)
      const flags = content?.[0]
      if (content === undefined || flags === undefined || (flags & ~(IN_MORE | IN_COMMAND)) !== 0) return undefined
      const opened = Buffer.from(content.buffer, content.byteOffset + 1, content.byteLength - 1)
      lend(body, opened)
      return { flags: ((flags & IN_MORE) !== 0 ? MORE : 0) | ((flags & IN_COMMAND) !== 0 ? COMMAND : 0), body: opened }
    },
  }
}
