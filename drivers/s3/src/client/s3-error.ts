import { DriverError, type OnituError, ServiceError } from '@onitu/plug'
import type { HttpResponse } from './http/http-client.ts'
import { type Asked, type PlaceSaid, placeSaid } from './place-said.ts'
import { proxyRefusal } from './proxy/proxy-refusal.ts'
import type { HttpProxy } from './proxy/read-proxy.ts'
import { textOf } from './xml.ts'

/** Why it was refused, where that is not the request. */
interface Cause {
  /** The bucket is elsewhere. */
  readonly place?: PlaceSaid | undefined
  /** What a proxy has said: nothing shows that the service was asked. */
  readonly proxy?: OnituError | undefined
}

interface Sent {
  readonly asked: Asked
  readonly isHead: boolean
  /** A proxy that passes requests on, and may answer one itself. */
  readonly proxy?: HttpProxy
}

/** What the service answered instead of what was asked for. */
export class S3StatusError extends Error {
  readonly status: number
  /** As S3 names it: NoSuchKey. */
  readonly code: string
  /** The request was sent before without an answer, so this may be what it has done itself: 412 for what it wrote. */
  readonly again: boolean
  readonly place: PlaceSaid | undefined
  readonly proxy: OnituError | undefined

  constructor(status: number, code: string, message: string, again = false, { place, proxy }: Cause = {}) {
    super(message)
    this.name = 'S3StatusError'
    this.status = status
    this.code = code
    this.again = again
    this.place = place
    this.proxy = proxy
  }
}

export function statusError(response: HttpResponse, what: string, { asked, isHead, proxy }: Sent): S3StatusError {
  const { status, body, again } = response
  const text = body.byteLength > 64 * 1024 ? '' : body.toString('utf8')
  const said = textOf(text, 'Code')
  const code = said ?? `HTTP_${status}`
  const place = placeSaid(response, asked)
  const message = `${what}: ${code} (${status}) ${textOf(text, 'Message') ?? ''}`.trim()
  return new S3StatusError(status, code, place === undefined ? message : `${message}; ${place.message}`, again, {
    place,
    // S3 says why in each refusal but that of a HEAD, and a proxy never 401.
    proxy:
      proxy === undefined || isHead || said !== undefined || place !== undefined || status === 401
        ? undefined
        : proxyRefusal(proxy, asked.endpoint.host, response),
  })
}

const SIGNATURE: ReadonlySet<string> = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
])

/** EntityTooLarge is what Swift says of a quota. */
const FULL: ReadonlySet<string> = new Set(['QuotaExceeded', 'EntityTooLarge'])

/** As an error that says whether trying again may help. */
export function asOnituError({ status, code, message, place, proxy }: S3StatusError): OnituError {
  if (proxy !== undefined) return proxy
  if (place !== undefined) return new ServiceError(place.code, message)
  if (status === 401 || SIGNATURE.has(code)) return new ServiceError('AUTHENTICATION_FAILED', message)
  if (code === 'NoSuchBucket') return new ServiceError('NO_BUCKET', message)
  if (status === 403) return new ServiceError('EACCES', message)
  if (FULL.has(code) || status === 507 || status === 413) return new ServiceError('ENOSPC', message)
  if (status === 429 || status >= 500) return new ServiceError('SERVICE_BUSY', message)
  if (code === 'KeyTooLongError' || code === 'InvalidURI') return new DriverError('NOT_HELD', message)
  return new ServiceError('S3_FAILURE', message)
}
