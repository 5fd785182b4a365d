import { ConflictError, type Metadata } from '@onitu/plug'
import { isAbsent, type S3Object } from './client/bucket.ts'
import { S3StatusError } from './client/s3-error.ts'
import type { Folder } from './folder.ts'
import { etagOf, tokenOf } from './token.ts'

/**
 * Looks whether the object is in the state that may be replaced (null: there may be none), or is what this content has left itself when it was sent before. Gives the
 * state that the object has. @throws ConflictError when it is neither
 */
export async function requireReplaceable(
  folder: Folder,
  metadata: Metadata,
  token: string | null,
  signal?: AbortSignal,
): Promise<string | null> {
  const { bucket, unsettled } = folder
  const { path } = metadata
  const key = folder.key(path)
  if (token === null && !unsettled.mayHave(metadata)) {
    if (await bucket.exists(key, signal)) throw occupied(path)
    return null
  }
  const found = await bucket.head(key, signal)
  if (found !== undefined && unsettled.isOwn(metadata, found)) return tokenOf(found)
  requireToken(path, found, token)
  return token
}

/** @throws ConflictError unless this is the state that may be replaced */
export function requireToken(path: string, found: S3Object | undefined, token: string | null): void {
  if ((found === undefined ? null : tokenOf(found)) === token) return
  if (token === null) throw occupied(path)
  throw new ConflictError(
    found === undefined
      ? `"${path}" is gone, it was to be replaced in a known state`
      : `"${path}" has changed meanwhile, it is left as it is`,
  )
}

function occupied(path: string): ConflictError {
  return new ConflictError(`"${path}" exists and is left as it is`)
}

type Headers = Readonly<Record<string, string>>

/** What no object has. */
const NO_ETAG = '"00000000000000000000000000000000"'

/**
 * Conditional writes, where the service has them: then nothing can come between the look and the write, and no look is needed. A service that has
 * not says 501 once and is not asked again. One that takes no notice of them cannot be told from one that has, so it has to show it first.
 */
export class Conditions {
  #supported = true
  #shown = false
  #asked = false

  /** True when the service refuses by itself what may not be written. */
  get suffice(): boolean {
    return this.#supported && this.#shown
  }

  async write<R>(token: string | null, write: (headers: Headers) => Promise<R>): Promise<R> {
    if (!this.#supported) return write({})
    try {
      return await write(token === null ? { 'if-none-match': '*' } : { 'if-match': etagOf(token) })
    } catch (error) {
      if (!(error instanceof S3StatusError)) throw error
      if (isAbsent(error))
        throw new ConflictError('It is gone, it was to be replaced in a known state', { cause: error })
      if (error.status !== 501) throw error
      this.#supported = false
      return write({})
    }
  }

  /** `write` writes what is there already, once more: both conditions have to be refused. The service is asked once. */
  async ask(write: (headers: Headers) => Promise<unknown>): Promise<void> {
    if (this.#asked || !this.#supported) return
    this.#asked = true
    this.#shown =
      (await this.#isRefused(write({ 'if-none-match': '*' }))) &&
      (await this.#isRefused(write({ 'if-match': NO_ETAG })))
  }

  /** What fails otherwise says nothing about conditions. */
  async #isRefused(writing: Promise<unknown>): Promise<boolean> {
    const [outcome] = await Promise.allSettled([writing])
    const status = outcome.status === 'rejected' && outcome.reason instanceof S3StatusError ? outcome.reason.status : 0
    if (status === 501) this.#supported = false
    return status === 412
  }
}
