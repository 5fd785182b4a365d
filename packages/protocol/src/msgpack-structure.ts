/**
 * Why bytes are not one plain msgpack value, or undefined when they are. Decoders believe the lengths they read: some
 * bytes that claim an array of millions make them reserve memory for it, so lengths are compared with what is there
 * first. Extension types are refused, for they are how a decoder is made to build things that nobody expects; the
 * one for undefined is how the encoder writes optional fields that are set to undefined.
 */
export function msgpackProblem(bytes: Uint8Array): string | undefined {
  const { byteLength } = bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, byteLength)
  let at = 0
  let expected = 1
  while (expected > 0) {
    if (expected > byteLength - at) return 'it ends too early'
    const token = view.getUint8(at)
    expected--
    if (token <= 0x7f || token >= 0xe0) at += 1
    else if (token <= 0x8f) {
      at += 1
      expected += (token & 0x0f) * 2
    } else if (token <= 0x9f) {
      at += 1
      expected += token & 0x0f
    } else if (token <= 0xbf) at += 1 + (token & 0x1f)
    else {
      const size = HEADER_SIZES[token - 0xc0] ?? 0
      if (size === 0) return `it holds the unsupported type 0x${token.toString(16)}`
      if (size > byteLength - at) return 'it ends too early'
      if (token === UNDEFINED && (view.getUint8(at + 1) !== 0 || view.getUint8(at + 2) !== 0)) {
        return 'it holds an extension type'
      }
      const length = lengthAt(view, token, at + 1)
      at += size
      if (token >= 0xde && token <= 0xdf) expected += length * 2
      else if (token >= 0xdc && token <= 0xdd) expected += length
      else at += length
    }
  }
  return at === byteLength ? undefined : at > byteLength ? 'it ends too early' : `${byteLength - at} bytes follow it`
}

const UNDEFINED = 0xd4

/** Bytes of the token with its number or length, for 0xc0 to 0xdf. 0: not a plain value. */
const HEADER_SIZES = [
  1, 0, 1, 1, 2, 3, 5, 0, 0, 0, 5, 9, 2, 3, 5, 9, 2, 3, 5, 9, 3, 0, 0, 0, 0, 2, 3, 5, 3, 5, 3, 5,
] as const

/** The length of what follows the header, or its count for arrays and maps; 0 for numbers. */
function lengthAt(view: DataView, token: number, at: number): number {
  switch (token) {
    case 0xc4:
    case 0xd9:
      return view.getUint8(at)
    case 0xc5:
    case 0xda:
    case 0xdc:
    case 0xde:
      return view.getUint16(at)
    case 0xc6:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return view.getUint32(at)
    default:
      return 0
  }
}
