import { headSchema, keys, parseRecord, type Transfer } from '@onitu/protocol'
import type { Metadata } from '../contract.ts'
import type { DriverCalls } from '../driver/driver-calls.ts'
import type { Engine } from '../engine.ts'
import { metadataOfHead } from '../metadata.ts'
import { metadataOfOffer } from './early-upload.ts'
import type { Journals } from './journals.ts'

export interface AbortTools {
  readonly engine: Engine
  readonly driver: DriverCalls
  readonly journals: Journals
}

/** Removes what an upload left behind, as its journal says, if there is one. */
export async function abortJournaled({ engine, driver, journals }: AbortTools, fid: string): Promise<void> {
  const journal = journals.get(fid)
  if (journal === undefined) return
  const { version, hash, state } = journal
  await driver.uploads.abort({ ...(await describe(engine, fid, journal)), version, hash }, state)
  await journals.remove(fid)
}

/** Of what was uploaded before anybody was told of it there may be no head. */
async function describe(engine: Engine, fid: string, { early }: Transfer): Promise<Metadata> {
  if (early !== undefined) return metadataOfOffer(fid, early)
  return metadataOfHead(parseRecord(headSchema, await engine.db.get(keys.head(fid)), keys.head(fid)))
}
