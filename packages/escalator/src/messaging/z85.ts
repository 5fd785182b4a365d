/*
 * Z85 (ZeroMQ RFC 32): how keys are written, and how the sockets take them. Only keys: 32 bytes, 40 characters.
 */
const CHARACTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#'
const VALUES = new Map(Array.from(CHARACTERS, (character, value) => [character, value]))
const BASE = 85
const KEY_BYTES = 32
const KEY_CHARACTERS = 40
/** Bytes become characters in groups: four bytes, five characters. */
const GROUP_BYTES = 4
const GROUP_CHARACTERS = 5

/** @throws TypeError when it is not 32 bytes */
export function encodeKey(bytes: Uint8Array): string {
  if (bytes.byteLength !== KEY_BYTES) throw new TypeError(`A key has ${KEY_BYTES} bytes, got ${bytes.byteLength}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = ''
  for (let at = 0; at < KEY_BYTES; at += GROUP_BYTES) text += encodeGroup(view.getUint32(at))
  return text
}

/** Undefined when the text is not 40 characters of Z85. */
export function decodeKey(text: string): Uint8Array | undefined {
  if (text.length !== KEY_CHARACTERS) return undefined
  const bytes = new Uint8Array(KEY_BYTES)
  const view = new DataView(bytes.buffer)
  for (let group = 0; group < KEY_BYTES / GROUP_BYTES; group++) {
    const value = decodeGroup(text.slice(group * GROUP_CHARACTERS, (group + 1) * GROUP_CHARACTERS))
    if (value === undefined) return undefined
    view.setUint32(group * GROUP_BYTES, value)
  }
  return bytes
}

function encodeGroup(value: number): string {
  let text = ''
  for (let rest = value, left = GROUP_CHARACTERS; left > 0; left--) {
    text = CHARACTERS.charAt(rest % BASE) + text
    rest = Math.floor(rest / BASE)
  }
  return text
}

function decodeGroup(text: string): number | undefined {
  let value = 0
  for (const character of text) {
    const digit = VALUES.get(character)
    if (digit === undefined) return undefined
    value = value * BASE + digit
  }
  return value < 2 ** 32 ? value : undefined
}
