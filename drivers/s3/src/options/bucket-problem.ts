import type { S3Options } from './read-options.ts'

/**
 * Why no service can have a bucket of this name, or undefined. Services differ in what they allow (some take upper case, underscores, or the name
 * of any directory), so what could be right is theirs to refuse: only what would not arrive as it is written is refused here.
 */
export function bucketProblem(bucket: string, { endpoint, pathStyle }: Pick<S3Options, 'endpoint' | 'pathStyle'>) {
  if (bucket === '') return 'has no bucket'
  if (bucket === '.' || bucket === '..' || /\p{Cc}/u.test(bucket)) return 'begins with what is no name of a bucket'
  // A name of a host is made lower case, and ends where something else begins.
  if (!pathStyle && hostOf(bucket, endpoint) !== `${bucket}.${endpoint.hostname}`)
    return `begins with a bucket that cannot be a part of a host name, as path_style: false wants it`
  return undefined
}

/** Of a bucket that is a part of the name. */
export function hostOf(bucket: string, endpoint: URL): string {
  const url = new URL(endpoint)
  url.hostname = `${bucket}.${url.hostname}`
  return url.hostname
}
