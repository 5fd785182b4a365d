import { ChangedError, type ChunkContext, type ReadContext } from '@onitu/plug'
import { S3StatusError } from './client/s3-error.ts'
import type { Folder } from './folder.ts'
import { guarded } from './guarded.ts'
import { etagOf, tokenOf } from './token.ts'

/** `size` bytes at `offset` of an object in the state that is wanted. The service itself compares the ETag, so it is never a mixture. */
export function readObject(
  folder: Folder,
  path: string,
  offset: number,
  size: number,
  { token, signal, into }: ChunkContext,
): Promise<Uint8Array> {
  return guarded(`Reading "${path}"`, async () => {
    const key = folder.key(path)
    const total = Number.parseInt(token, 36)
    const wanted = Math.max(0, Math.min(size, total - offset))
    if (wanted === 0) return readNothing(folder, path, { token, signal })
    const range = wanted === total ? undefined : `bytes=${offset}-${offset + wanted - 1}`
    try {
      const { body } = await folder.bucket.get(key, etagOf(token), range, signal, into)
      if (body.byteLength === wanted) return body
      throw new ChangedError(`"${path}" gave ${body.byteLength} bytes at ${offset}, expected ${wanted}`)
    } catch (error) {
      const isOther = error instanceof S3StatusError && (error.status === 412 || error.status === 416)
      if (isOther) throw new ChangedError(`"${path}" is not in the state that is wanted`, { cause: error })
      throw error
    }
  })
}

async function readNothing(folder: Folder, path: string, { token, signal }: ReadContext): Promise<Uint8Array> {
  const found = await folder.bucket.head(folder.key(path), signal)
  if (found !== undefined && tokenOf(found) === token) return new Uint8Array()
  throw new ChangedError(`"${path}" is ${found === undefined ? 'gone' : 'not in the state that is wanted'}`)
}
