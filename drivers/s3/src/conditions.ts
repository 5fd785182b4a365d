import { ConflictError } from '@onitu/plug'
import type { S3Object } from './client/bucket.ts'
import { S3StatusError } from './client/s3-error.ts'
import type { Folder } from './folder.ts'
import { etagOf, tokenOf } from './token.ts'

/** @throws ConflictError unless the object is in the state that may be replaced; null: there may be none */
export async function requireReplaceable(
  folder: Folder,
  path: string,
  token: string | null,
  signal?: AbortSignal,
): Promise<void> {
  requireToken(folder, path, await folder.bucket.head(folder.key(path), signal), token)
}

/** @throws ConflictError unless this is the state that may be replaced */
export function requireToken(folder: Folder, path: string, found: S3Object | undefined, token: string | null): void {
  if ((found === undefined ? null : tokenOf(found)) === token) return
  if (token === null) {
    folder.met.add(path)
    throw new ConflictError(`"${path}" exists and is left as it is`)
  }
  throw new ConflictError(
    found === undefined
      ? `"${path}" is gone, it was to be replaced in a known state`
      : `"${path}" has changed meanwhile, it is left as it is`,
  )
}

/**
 * Conditional writes, where the service has them: then nothing can come between the look and the write. A service that has not says 501 once and is
 * not asked again.
 */
export class Conditions {
  #supported = true

  async write<R>(token: string | null, write: (headers: Readonly<Record<string, string>>) => Promise<R>): Promise<R> {
    if (!this.#supported) return write({})
    try {
      return await write(token === null ? { 'if-none-match': '*' } : { 'if-match': etagOf(token) })
    } catch (error) {
      if (!(error instanceof S3StatusError) || error.status !== 501) throw error
      this.#supported = false
      return write({})
    }
  }
}
