import { headSchema, keys, mimetypeOf, parseRecord, type Transfer, UNREAD_HASH } from '@onitu/protocol'
import type { Metadata } from '../contract.ts'
import type { Engine } from '../engine.ts'
import { metadataOfHead } from '../metadata.ts'
import type { OrderTools } from './carry-out.ts'

/** Removes what an upload left behind that no order asks for any more. */
export async function dropOrphan({ engine, driver, journals, early }: OrderTools, fid: string): Promise<void> {
  const journal = journals.get(fid)
  if (journal === undefined || early.has(fid)) return
  const { version, hash, state } = journal
  await driver.uploads.abort({ ...(await describe(engine, fid, journal)), version, hash }, state)
  await journals.remove(fid)
}

/** Of what was uploaded before anybody was told of it there may be no head. */
async function describe(engine: Engine, fid: string, { folder, path }: Transfer): Promise<Metadata> {
  const found = await engine.db.get<unknown, undefined>(keys.head(fid), { default: undefined })
  if (found !== undefined || folder === undefined || path === undefined)
    return metadataOfHead(parseRecord(headSchema, found, keys.head(fid)))
  const unknown = { size: 0, mtime: null, mode: null, hash: UNREAD_HASH, version: 0 }
  return { fid, folder, path, kind: 'file', mimetype: mimetypeOf(path), ...unknown }
}
