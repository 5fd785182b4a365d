import { createHmac, hash } from 'node:crypto'

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

/** Makes the key of a day: four of the five hashes of a signature. */
export type KeyOf = (secretKey: string, day: string, region: string) => Buffer

/** The headers of a request with AWS' signature, version 4. Pure: the time is given. */
export function signRequest(
  request: UnsignedRequest,
  credentials: Credentials,
  region: string,
  date: Date,
  keyOf: KeyOf = signingKey,
): Record<string, string> {
  const time = date.toISOString().replace(/[:-]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-amz-content-sha256': request.payloadHash,
    'x-amz-date': time,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  }
  const names = Object.keys(headers).sort()
  const signed = names.join(';')
  const canonical = [
    request.method,
    request.path,
    canonicalQuery(request.query),
    ...names.map((name) => `${name}:${headers[name]?.trim().replace(/\s+/g, ' ')}`),
    '',
    signed,
    request.payloadHash,
  ].join('\n')
  const toSign = [ALGORITHM, time, scope, hash('sha256', canonical)].join('\n')
  const signature = createHmac('sha256', keyOf(credentials.secretKey, day, region))
    .update(toSign)
    .digest('hex')
  const authorization = `${ALGORITHM} Credential=${credentials.accessKey}/${scope},SignedHeaders=${signed},Signature=${signature}`
  return { ...headers, authorization }
}

function signingKey(secretKey: string, day: string, region: string): Buffer {
  return [day, region, 's3', 'aws4_request'].reduce<Buffer>(
    (above, part) => createHmac('sha256', above).update(part).digest(),
    Buffer.from(`AWS4${secretKey}`),
  )
}

/** Remembers the last key. */
export function rememberingKey(): KeyOf {
  let last: { readonly of: string; readonly key: Buffer } | undefined
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
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
