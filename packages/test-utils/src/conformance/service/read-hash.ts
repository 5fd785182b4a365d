import type { Handlers, KnownFile } from '@onitu/plug'
import { ContentHash, contentHash } from '@onitu/protocol'
import { errorCode } from '../error-code.ts'

const CHUNK = 1024 * 1024

/** The hash of a content; undefined when it is not in this state any more; `later` when it could not be read. */
export async function readHash(
  handlers: Partial<Handlers>,
  file: Omit<KnownFile, 'token'>,
  token: string,
): Promise<string | undefined | 'later'> {
  if (file.kind === 'directory') return contentHash(new Uint8Array())
  try {
    return await hashOf(handlers, file, token)
  } catch (error) {
    return errorCode(error) === 'CHANGED' ? undefined : 'later'
  }
}

async function hashOf(handlers: Partial<Handlers>, file: Omit<KnownFile, 'token'>, token: string): Promise<string> {
  const { signal } = new AbortController()
  if (handlers.getChunk === undefined) {
    if (handlers.getFile === undefined) throw new TypeError('The driver has neither getChunk nor getFile')
    return contentHash(await handlers.getFile(file, { token, signal }))
  }
  const hash = new ContentHash()
  while (hash.size < file.size) {
    const chunk = await handlers.getChunk(file, hash.size, Math.min(CHUNK, file.size - hash.size), { token, signal })
    if (chunk.byteLength === 0) throw new Error(`${file.path} ended at ${hash.size} of ${file.size} bytes`)
    hash.update(chunk)
  }
  return hash.digest()
}
