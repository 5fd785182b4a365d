import type { S3Object } from './client/bucket.ts'

/** ETag and size: the ETag alone is not unique where a service has its own idea of it. Equal contents may have equal tokens. */
export function tokenOf({ etag, size }: Pick<S3Object, 'etag' | 'size'>): string {
  return `${size.toString(36)}-${plain(etag)}`
}

/** The ETag of a token, as a condition wants it. */
export function etagOf(token: string): string {
  return `"${token.slice(token.indexOf('-') + 1)}"`
}

/** Some services leave the quotes out in a listing. */
function plain(etag: string): string {
  return etag.replace(/^"|"$/g, '')
}
