import { hash } from 'node:crypto'
import { type HmacKey, hmac, hmacKey } from './hmac.ts'

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
  readonly sessionToken?: string
}

export interface UnsignedRequest {
  readonly method: string
  readonly host: string
  /** Encoded, with its leading slash. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Of the body, in hex; UNSIGNED-PAYLOAD where it is not signed. */
  readonly payloadHash: string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** Makes the key of a day: four of the five codes of a signature. */
export type KeyOf = (secretKey: string, day: string, region: string) => HmacKey

/** The headers of a request with AWS' signature, version 4. Pure: the time is given. */
export function signRequest(
  request: UnsignedRequest,
  credentials: Credentials,
  region: string,
  date: Date,
  keyOf: KeyOf = signingKey,
): Record<string, string> {
  const time = amzDate(date)
  const day = time.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  const signing = {
    host: request.host,
    'x-amz-content-sha256': request.payloadHash,
    'x-amz-date': time,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  }
  // No header of the request takes the place of these. As a spread it takes V8 several times as long.
  const headers: Record<string, string> = Object.assign({}, request.headers, signing)
  const names = Object.keys(headers).sort()
  const signed = names.join(';')
  let canonical = `${request.method}\n${request.path}\n${canonicalQuery(request.query)}\n`
  for (const name of names) canonical += `${name}:${canonicalValue(headers[name] ?? '')}\n`
  canonical += `\n${signed}\n${request.payloadHash}`
  const toSign = `${ALGORITHM}\n${time}\n${scope}\n${hash('sha256', canonical)}`
  const signature = hmac(keyOf(credentials.secretKey, day, region), toSign).toString('hex')
  headers.authorization = `${ALGORITHM} Credential=${credentials.accessKey}/${scope},SignedHeaders=${signed},Signature=${signature}`
  return headers
}

/** Most requests are of the same second as the one before. */
let latest = { second: Number.NaN, text: '' }

/** `20260131T140506Z` */
function amzDate(date: Date): string {
  const second = Math.floor(date.getTime() / 1000)
  if (second !== latest.second) latest = { second, text: date.toISOString().replace(/[:-]|\.\d{3}/g, '') }
  return latest.text
}

function canonicalValue(value: string): string {
  return /\s/.test(value) ? value.trim().replace(/\s+/g, ' ') : value
}

function signingKey(secretKey: string, day: string, region: string): HmacKey {
  return [day, region, 's3', 'aws4_request'].reduce(
    (above, part) => hmacKey(hmac(above, part)),
    hmacKey(Buffer.from(`AWS4${secretKey}`)),
  )
}

/** Remembers the last key. */
export function rememberingKey(): KeyOf {
  let last: { readonly of: string; readonly key: HmacKey } | undefined
  return (secretKey, day, region) => {
    const of = [day, region, secretKey].join('\n')
    if (last?.of !== of) last = { of, key: signingKey(secretKey, day, region) }
    return last.key
  }
}

/** As it stands in the signature and in the address: sorted, everything encoded. */
export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
}

/** The path of an object, each segment encoded. */
export function encodePath(path: string): string {
  return path.split('/').map(encode).join('/')
}

/** RFC 3986: more than encodeURIComponent does. */
function encode(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
