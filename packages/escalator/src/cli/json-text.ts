/** What stands for bytes in JSON, which has none: `{ "$bytes": "base64" }`. */
const BYTES = '$bytes'

/** The JSON text of a stored value. */
export function toJsonText(value: unknown): string {
  return JSON.stringify(plain(value))
}

/** @throws SyntaxError when it is not JSON; TypeError when bytes are not base64 */
export function fromJsonText(text: string): unknown {
  return JSON.parse(text, (_, value: unknown) => (isBytes(value) ? decodeBase64(value[BYTES]) : value))
}

// Not a replacer of JSON.stringify: a Buffer has become { type, data } when that is called.
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

function isBytes(value: unknown): value is { readonly [BYTES]: unknown } {
  return typeof value === 'object' && value !== null && BYTES in value && Object.keys(value).length === 1
}

function decodeBase64(value: unknown): Uint8Array {
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) return Buffer.from(value, 'base64')
  throw new TypeError(`Expected base64 in {"${BYTES}": …}, got ${JSON.stringify(value)}`)
}
