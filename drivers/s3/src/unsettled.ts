import { createHash } from 'node:crypto'
import { ConflictError, type Metadata } from '@onitu/plug'
import type { Part, S3Object } from './client/bucket.ts'
import { S3StatusError } from './client/s3-error.ts'

/** A content by the hash of the Plug, and the ETag of the object that it would have become. */
interface Sent {
  readonly hash: string
  readonly etag: string
}

const DELETION = 'deletion'

type Unanswered = Sent | typeof DELETION

/**
 * Writes and deletions that were sent and never answered, by path: nobody knows whether the service has carried them out. They are sent again and not
 * only looked up: a service that was killed in the middle (OpenStack Swift) may hold the object and never list it, or list it for ever when it is gone.
 */
export class Unsettled {
  readonly #unanswered = new Map<string, Unanswered>()

  /** Sends a content. `etag`: of the object that it becomes, without its quotes. */
  writing<R>({ path, hash }: Metadata, etag: () => string, send: () => Promise<R>): Promise<R> {
    return this.#during(path, () => ({ hash, etag: etag() }), send)
  }

  deleting(path: string, send: () => Promise<void>): Promise<void> {
    return this.#during(path, () => DELETION, send)
  }

  /** The service may have what was sent of this content. */
  mayHave({ path, hash }: Metadata): boolean {
    return this.#sent(path)?.hash === hash
  }

  /** The object is what this content has left itself. */
  isOwn(metadata: Metadata, found: S3Object): boolean {
    return this.mayHave(metadata) && found.etag.replaceAll('"', '') === this.#sent(metadata.path)?.etag
  }

  mayBeDeleted(path: string): boolean {
    return this.#unanswered.get(path) === DELETION
  }

  #sent(path: string): Sent | undefined {
    const unanswered = this.#unanswered.get(path)
    return unanswered === DELETION ? undefined : unanswered
  }

  async #during<R>(path: string, what: () => Unanswered, send: () => Promise<R>): Promise<R> {
    try {
      const result = await send()
      this.#unanswered.delete(path)
      return result
    } catch (error) {
      if (isAnswer(error)) this.#unanswered.delete(path)
      else this.#unanswered.set(path, what())
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
