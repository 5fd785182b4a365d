import { createHash } from 'node:crypto'
import { ConflictError, type Metadata } from '@onitu/plug'
import type { Bucket, Part } from './client/bucket.ts'
import { S3StatusError } from './client/s3-error.ts'
import { tokenOf } from './token.ts'

/** A content by the hash of the Plug, and the ETag of the object that it would have become. */
interface Sent {
  readonly hash: string
  readonly etag: string
}

const DELETION = 'deletion'

/**
 * Writes and deletions that were sent and never answered, by path: nobody knows whether the service has carried them out. They are sent again and not
 * only looked up: a service that was killed in the middle (OpenStack Swift) may hold the object and never list it, or list it for ever when it is gone.
 */
export class Unsettled {
  readonly #sent = new Map<string, Sent | typeof DELETION>()

  /** Sends a content. `etag`: of the object that it becomes, without its quotes. */
  writing<R>({ path, hash }: Metadata, etag: () => string, send: () => Promise<R>): Promise<R> {
    return this.#during(path, () => ({ hash, etag: etag() }), send)
  }

  deleting(path: string, send: () => Promise<void>): Promise<void> {
    return this.#during(path, () => DELETION, send)
  }

  isBeingDeleted(path: string): boolean {
    return this.#sent.get(path) === DELETION
  }

  /** The state that may be replaced: that which the same content has left itself when it was sent before, else `token`. */
  async replaceable(
    { path, hash }: Metadata,
    { bucket, key }: { readonly bucket: Bucket; readonly key: string },
    token: string | null,
    signal: AbortSignal,
  ): Promise<string | null> {
    const sent = this.#sent.get(path)
    if (sent === undefined || sent === DELETION || sent.hash !== hash) return token
    const found = await bucket.head(key, signal)
    return found !== undefined && found.etag.replaceAll('"', '') === sent.etag ? tokenOf(found) : token
  }

  async #during<R>(path: string, what: () => Sent | typeof DELETION, send: () => Promise<R>): Promise<R> {
    try {
      const result = await send()
      this.#sent.delete(path)
      return result
    } catch (error) {
      if (isAnswer(error)) this.#sent.delete(path)
      else this.#sent.set(path, what())
      throw error
    }
  }
}

/** A refusal, which has changed nothing. What is busy or broken (5xx) may have got half way, and so may what was sent twice. */
function isAnswer(error: unknown): boolean {
  if (error instanceof ConflictError) return isAnswer(error.cause)
  return error instanceof S3StatusError && error.status < 500 && !error.again
}

export function etagOfContent(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}

/** As Amazon makes it of the ETags of the parts; others than MD5 (with some kinds of encryption) give what no object has. */
export function etagOfParts(parts: readonly Part[]): string {
  const digests = parts.map(({ etag }) => Buffer.from(etag.replaceAll('"', ''), 'hex'))
  return `${etagOfContent(Buffer.concat(digests))}-${parts.length}`
}
