import type { Metadata, Stored, WriteContext } from '@onitu/plug'
import { type Conditions, requireReplaceable } from './conditions.ts'
import type { Folder } from './folder.ts'
import { tokenOf } from './token.ts'
import { etagOfContent } from './unsettled.ts'

export interface PutTools {
  readonly conditions: Conditions
  readonly headers: (metadata: Metadata) => Record<string, string>
}

/** A whole content in one request, looked at before unless the service itself refuses what may not be replaced. */
export async function putWhole(
  folder: Folder,
  metadata: Metadata,
  content: Uint8Array,
  { token, signal }: WriteContext,
  { conditions, headers }: PutTools,
): Promise<Stored> {
  signal.throwIfAborted()
  const { bucket, unsettled } = folder
  const key = folder.key(metadata.path)
  const isLookedAt = !conditions.suffice || unsettled.mayHave(metadata)
  const replaced = isLookedAt ? await requireReplaceable(folder, metadata, token, signal) : token
  const put = (given: Readonly<Record<string, string>>) =>
    bucket.put(key, content, { ...headers(metadata), ...given }, { signal, isNext: isLookedAt })
  const etag = await unsettled.writing(
    metadata,
    () => etagOfContent(content),
    () => conditions.write(replaced, put),
  )
  return { token: tokenOf({ etag, size: content.byteLength }) }
}
