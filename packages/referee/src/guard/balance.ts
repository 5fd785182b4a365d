import type { Head } from '@onitu/protocol'
import type { LoadedFile } from '../decide/loaded-view.ts'
import { isLiveFile } from './pending-loss.ts'

/** How many live files each folder has more (or less) than before. Folders without a difference are left out. */
export function balanceOf(
  before: ReadonlyMap<string, LoadedFile>,
  after: ReadonlyMap<string, LoadedFile>,
): Map<string, number> {
  const balance = new Map<string, number>()
  for (const [fid, { head }] of after) {
    if (head === undefined) continue
    const difference = countOf(head) - countOf(before.get(fid)?.head)
    if (difference !== 0) balance.set(head.folder, (balance.get(head.folder) ?? 0) + difference)
  }
  return balance
}

function countOf(head: Head | undefined): number {
  return isLiveFile(head) ? 1 : 0
}
