import { DriverError, type OnituError, ServiceError } from '@onitu/plug'
import type { HttpResponse } from './http/http-client.ts'
import { textOf } from './xml.ts'

/** What the service answered instead of what was asked for. */
export class S3StatusError extends Error {
  readonly status: number
  /** As S3 names it: NoSuchKey. */
  readonly code: string
  /** The request was sent before without an answer, so this may be what it has done itself: 412 for what it wrote. */
  readonly again: boolean

  constructor(status: number, code: string, message: string, again = false) {
    super(message)
    this.name = 'S3StatusError'
    this.status = status
    this.code = code
    this.again = again
  }
}

export function statusError({ status, body, again }: HttpResponse, what: string): S3StatusError {
  const text = body.byteLength > 64 * 1024 ? '' : body.toString('utf8')
  const code = textOf(text, 'Code') ?? `HTTP_${status}`
  return new S3StatusError(status, code, `${what}: ${code} (${status}) ${textOf(text, 'Message') ?? ''}`.trim(), again)
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
export function asOnituError({ status, code, message }: S3StatusError): OnituError {
  if (status === 401 || SIGNATURE.has(code)) return new ServiceError('AUTHENTICATION_FAILED', message)
  if (code === 'NoSuchBucket') return new ServiceError('NO_BUCKET', message)
  if (status === 403) return new ServiceError('EACCES', message)
  if (FULL.has(code) || status === 507 || status === 413) return new ServiceError('ENOSPC', message)
  if (status === 429 || status >= 500) return new ServiceError('SERVICE_BUSY', message)
  if (code === 'KeyTooLongError' || code === 'InvalidURI') return new DriverError('NOT_HELD', message)
  return new ServiceError('S3_FAILURE', message)
}
