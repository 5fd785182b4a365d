import type { Change, DriverPlug } from '@onitu/plug'
import type { FoundChange, MovedFile } from './messages.ts'

/** A moved file has the content it had, so its hash is the one that the Plug knows, if it knew the file in this very state; otherwise the Plug reads it. */
export function withKnownHashes(plug: DriverPlug, changes: readonly FoundChange[]): Promise<Change[]> {
  return Promise.all(changes.map((change) => ('fromToken' in change ? moved(plug, change) : change)))
}

async function moved(plug: DriverPlug, { fromToken, ...change }: MovedFile): Promise<Change> {
  const known = await plug.getMetadata(change.from.folder, change.from.path)
  return known?.token === fromToken ? { ...change, hash: known.hash } : change
}
