import { headSchema, keys, parseRecord } from '@onitu/protocol'
import { metadataOfHead } from '../metadata.ts'
import type { OrderTools } from './carry-out.ts'

/** Removes what an upload left behind that no order asks for any more. */
export async function dropOrphan({ engine, driver, journals }: OrderTools, fid: string): Promise<void> {
  const journal = journals.get(fid)
  if (journal === undefined) return
  const head = parseRecord(headSchema, await engine.db.get(keys.head(fid)), keys.head(fid))
  const { version, hash, state } = journal
  await driver.uploads.abort({ ...metadataOfHead(head), version, hash }, state)
  await journals.remove(fid)
}
